"""python -m benchmarks replies FOLDER [--model GGUF] [--plain] [--out FOLDER]: how well
letters are answered.

FOLDER holds letters of others and beside each what a person read in it, LETTER.json:

    points   [{kind, words, lead}]: what has to be answered; `words` are first words of
             it as they stand there, any of which will do, `lead` those of the sentence
             that introduces a list, `say` what a person answers in own words, if any
    may      first words of what may be shown as a point or not
    none     first words of what looks like a point and is none

The command lists the points of each letter, then writes the answer with a stance for
each point of the truth, drawn by its words. Printed of each letter and in all:

    found      points that are shown, whole or by the sentence before their list
    out of sight  points that stand not even among the other sentences below the points
    none       points shown that are none, of all shown; those that hold several at once
    open       points with a stance without a word in the letter
    forgotten  points of the truth that no sentence of the letter speaks of
    invented   numbers, days and names of the letter that stand neither in the letter
               answered nor in what the person said; marked, and not marked

With `--plain` the same model is asked in a chat to answer the same letter, with all
points of the truth and their stances in the question; `forgotten` and `invented` are
counted in its answer in the same way. `--out` keeps the letters, to be read; a plain
answer that lies there is not asked for again. `--plain-only` asks for nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.quality.desk import Desk

STANCES = {
    "en": {
        "agree": "we agree", "refuse": "we refuse", "ask": "we ask for more details", "time": "we ask for more time",
        "paid": "it is paid or enclosed", "open": "we come back to it later",
    },
    "de": {
        "agree": "wir stimmen zu", "refuse": "wir lehnen ab", "ask": "wir fragen nach",
        "open": "wir kommen darauf zurück", "time": "wir bitten um mehr Zeit",
        "paid": "es ist bezahlt oder liegt bei",
    },
    "fr": {
        "agree": "nous acceptons", "refuse": "nous refusons", "ask": "nous demandons des précisions",
        "time": "nous demandons un délai", "paid": "c'est payé ou joint", "open": "nous y reviendrons",
    },
    "es": {
        "agree": "estamos de acuerdo", "refuse": "lo rechazamos", "ask": "pedimos más detalles",
        "time": "pedimos más tiempo", "paid": "está pagado o va adjunto", "open": "volveremos sobre ello",
    },
}  # fmt: skip
FITTING = {
    "question": ("time", "ask", "open", "refuse"),
    "demand": ("agree", "refuse", "time", "paid"),
    "offer": ("agree", "refuse", "ask"),
    "claim": ("refuse", "open", "ask"),
}
"""Stances that a person might take to each kind of point."""
PLAIN = {
    "en": "Write the whole answer to this letter, from the salutation to the closing, ready to be signed. Answer each "
    "of these points of the letter:\n{points}",
    "de": "Schreibe die ganze Antwort auf diesen Brief, von der Anrede bis zur Grußformel, fertig zum Unterschreiben. "
    "Antworte auf jeden dieser Punkte des Briefs:\n{points}",
    "fr": "Rédige toute la réponse à cette lettre, de la formule d'appel à la formule de politesse, prête à signer. "
    "Réponds à chacun de ces points de la lettre :\n{points}",
    "es": "Escribe toda la respuesta a esta carta, del saludo a la despedida, lista para firmar. Responde a cada uno "
    "de estos puntos de la carta:\n{points}",
}
SHARED = 2
"""Words of a point that a sentence has to share with it to speak of it."""
STEM = 5
MOST = 240
"""Letters of a point that count."""
_MONTHS = (
    "jan|ene", "feb|fév|fev", "mär|maer|mar", "apr|avr|abr", "mai|may", "jun|juin",
    "jul|juil", "aug|aoû|aou|ago", "sep", "okt|oct", "nov", "dez|dec|déc|dic",
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]{5,}")
_NUMBER = re.compile(r"\d+(?:[.,:/' ]\d+)*")
_TITLED = re.compile(
    r"\b(?:Herrn?|Frau|Dr\.|Prof\.|Mr\.?|Mrs\.?|Ms\.?|Monsieur|Madame|M\.|Mme"
    r"|Sr\.|Sra\.|Señora?|Don|Doña)\s+((?:[A-ZÄÖÜÉÁÍÓÚÑ][\w’'-]+\s?)+)"
)
_NAME = re.compile(r"(?<=[a-zäöüßéáíóúñ,] )[A-ZÄÖÜÉÁÍÓÚÑ][\w’'-]{2,}")
_NO_NAME = {"I", "We", "You", "Sie", "Ihr", "Ihre", "Ihnen", "Usted", "Vous"}


@dataclass
class Reply:
    """An answer as the command printed it."""

    points: Sequence[Mapping[str, Any]]
    others: Sequence[str]
    text: str
    seconds: float
    unmarked: str = ""
    """The sentences without a mark."""


@dataclass
class Tally:
    """What was counted, of one letter or of all."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def add(self, name: str, count: int = 1, line: str = "") -> None:
        """Count, and keep the line that says of what."""
        self.counts[name] += count
        if count and line:
            self.lines.append(f"    {name}: {line}")


def flat(text: str) -> str:
    """The text with one space between words."""
    return " ".join(re.sub(r"[*_•\t]", " ", text).split())


def holds(text: str, words: str) -> bool:
    """Whether words stand in a text, in whatever lines."""
    return flat(words).casefold() in flat(text).casefold()


def reply_of(shape: Mapping[str, Any], seconds: float) -> Reply:
    """What the command says of a letter."""
    points = list(shape.get("points", ()))
    letter = shape.get("letter") or {}
    body = letter.get("body") or []
    parts = [part if isinstance(part, str) else part.get("text", "") for part in body]
    marked = {point.get("answer", "") for point in points if point.get("marks")}
    return Reply(
        points,
        [each["text"] for each in shape.get("others", ())],
        "\n\n".join(parts),
        seconds,
        "\n".join(p for p in parts if p not in marked),
    )


def replied(letter: Path, more: Sequence[str]) -> Reply:
    """Have the command answer a letter."""
    command = [sys.executable, "-m", "slmdesk", "reply", str(letter), "--json", *more]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-300:])
    return reply_of(json.loads(done.stdout), time.monotonic() - began)


def matches(point: str, truth: Mapping[str, Any]) -> bool:
    """Whether a point that is shown is this one of the truth."""
    return any(holds(point, words) for words in truth["words"])


def stance_of(letter: str, point: Mapping[str, Any]) -> str:
    """A stance for a point, the same each time, and one for all of a list."""
    words = point.get("lead") or point["words"][0]
    return Random(f"{letter} {words}").choice(FITTING[point["kind"]])


def said_to(letter: str, point: Mapping[str, Any], language: str) -> str:
    """What the plain question is told to say to a point."""
    return point.get("say") or STANCES[language][stance_of(letter, point)]


def whole(point: Mapping[str, Any], source: str) -> str:
    """The sentence that a point of the truth begins."""
    words, text = flat(point["words"][0]), flat(source)
    at = text.lower().find(words.lower())
    if at < 0:
        return words
    end = re.search(r"[.?!;](?:\s|$)", text[at + len(words) :])
    return text[at : at + len(words) + (end.end() if end else MOST)][:MOST]


def asked_in(truth: Mapping[str, Any], source: str) -> list[str]:
    """The points to be answered, those of a list as one."""
    asked: dict[str, str] = {}
    for point in truth["points"]:
        key = point.get("lead") or point["words"][0]
        asked[key] = f"{asked.get(key, point.get('lead', ''))} {whole(point, source)}".strip()
    return list(asked.values())


def stems(text: str) -> set[str]:
    """Beginnings of the long words of a text."""
    return {word.casefold()[:STEM] for word in _WORD.findall(text)}


def is_copied(sentence: str, source: str) -> bool:
    """Whether a sentence is the letter's own, and says nothing to it."""
    bare = flat(sentence).strip(' 0123456789.„“”"«»-–').casefold()
    return bare in flat(source).casefold()


def speaks_of(text: str, point: str, source: str) -> bool:
    """Whether a sentence of a text has words of a point; one that is copied is
    a heading: something has to be said below it.
    """
    wanted = stems(point)
    least = min(SHARED, len(wanted))
    sentences = [each for each in re.split(r"(?<=[.!?:;])\s+|\n+", text) if stems(each)]
    for each, following in pairwise([*sentences, ""]):
        if len(stems(each) & wanted) < least:
            continue
        if not is_copied(each, source) or not is_copied(following, source):
            return True
    return False


def values(text: str) -> Iterator[str]:
    """Numbers and names of a letter that we wrote."""
    unnumbered = re.sub(r"(?m)^\W*\d{1,2}[.)]\s", "", text)
    yield from (found.strip(" .,:/'") for found in _NUMBER.findall(unnumbered))
    yield from (found.strip() for found in _TITLED.findall(text))


def names(text: str, language: str) -> Iterator[str]:
    """Words inside a sentence that are written as a name, where nouns are not."""
    if language != "de":
        yield from (name for name in _NAME.findall(text) if name not in _NO_NAME)


def month(word: str) -> int:
    """The number of a month by its first letters, or 0."""
    for at, name in enumerate(_MONTHS, 1):
        if re.match(name, word, re.IGNORECASE):
            return at
    return 0


def is_known(value: str, source: str) -> bool:
    """Whether a value stands in what was read; a number by its groups of digits."""
    if value[:1].isdigit():
        known = {int(digits) for digits in re.findall(r"\d+", source)}
        known |= {month(word) for word in re.findall(r"[^\W\d_]{3,9}", source)}
        return all(int(digits) in known for digits in re.findall(r"\d+", value))
    return all(word.casefold() in source.casefold() for word in value.split())


def days(text: str) -> set[tuple[int, int]]:
    """Day and month of each date in a text, however it is written."""
    found = {(int(day), int(number)) for day, number in re.findall(r"\b(\d{1,2})[./]\s?(\d{1,2})\b", text)}
    found |= {(int(day), int(number)) for number, day in re.findall(r"\b\d{4}-(\d\d)-(\d\d)\b", text)}
    words = re.findall(r"\b(\d{1,2})\.?(?:\s+de)?\s+([^\W\d_]{3,10})", text)
    words += [(day, word) for word, day in re.findall(r"\b([^\W\d_]{3,10})\s+(\d{1,2})\b", text)]
    return found | {(int(day), month(word)) for day, word in words if month(word)}


def invented(text: str, source: str, language: str) -> list[str]:
    """Values of a letter that nobody said."""
    said = [*values(text), *names(text, language)]
    unknown = [value for value in dict.fromkeys(said) if not is_known(value, source)]
    written = {(day, number) for day, number in days(text) if 0 < day < 32 and 0 < number < 13}
    return [*unknown, *(f"{day}.{number}." for day, number in sorted(written - days(source)))]


def judge_points(tally: Tally, shown: Sequence[str], truth: Mapping[str, Any], others: Sequence[str] = ()) -> None:
    """Count the points that are found, those that are in sight, and those that are none."""
    sight = [*shown, *others]
    hidden = [point["words"][0] for point in truth["points"] if not any(matches(each, point) for each in sight)]
    tally.add("points", len(truth["points"]))
    tally.add("out of sight", len(hidden), "; ".join(hidden))
    tally.add("letters with all in sight", int(not hidden))
    for point in truth["points"]:
        kind = point["kind"]
        tally.add(f"{kind}s")
        lead = point.get("lead", "")
        if any(matches(each, point) for each in shown):
            tally.add(f"{kind}s found")
        elif lead and any(holds(each, lead) for each in shown):
            tally.add(f"{kind}s by their lead")
        else:
            tally.add(f"{kind}s missed", line=point["words"][0])
    missed = tally.counts["questions missed"] + tally.counts["demands missed"]
    tally.add("letters")
    tally.add("letters with every question and demand", int(not missed))
    for each in shown:
        tally.add("shown")
        held = {point.get("lead") or point["words"][0] for point in truth["points"] if matches(each, point)}
        tally.add("points in one with others", len(held) if len(held) > 1 else 0, flat(each)[:100])
        if held:
            continue
        leads = [point["lead"] for point in truth["points"] if point.get("lead")]
        may = [*truth.get("may", ()), *leads]
        if not any(holds(each, words) or holds(words, each) for words in may):
            tally.add("shown, none", line=flat(each)[:100])


def judge_letter(tally: Tally, side: str, text: str, source: str, language: str, asked: Sequence[str]) -> None:
    """Count what is forgotten and what is invented, of either side."""
    for point in asked:
        tally.add(f"{side}: points")
        missing = not speaks_of(text, point, source)
        tally.add(f"{side}: forgotten", int(missing), flat(point)[:100])
    for value in invented(text, source, language):
        tally.add(f"{side}: invented", line=value)


def judged(letter: Path, told: argparse.Namespace, desk: Desk | None) -> Tally:
    """What one letter comes to."""
    tally = Tally()
    truth = json.loads(letter.with_name(f"{letter.name}.json").read_text("utf-8"))
    source = "\n".join([read(letter), *(point.get("say", "") for point in truth["points"])])
    if not told.plain_only:
        ours(tally, letter, truth, source, told)
    if desk is not None:
        plain(tally, desk, letter, truth, source, told.out)
    return tally


def ours(tally: Tally, letter: Path, truth: Mapping[str, Any], source: str, told: argparse.Namespace) -> None:
    """A letter by the command: its points, then its answer."""
    model = ["-m", told.name] if told.name else []
    first = replied(letter, model)
    shown = [point["text"] for point in first.points]
    judge_points(tally, shown, truth, first.others)
    chosen = []
    for at, text in enumerate(shown, 1):
        leads = [point for point in truth["points"] if holds(text, point.get("lead") or "\0")]
        found = [point for point in truth["points"] if matches(text, point)] or leads
        if found and found[0].get("say"):
            chosen.append(f"--say={at}={found[0]['say']}")
        elif found:
            chosen.append(f"--stance={at}={stance_of(letter.name, found[0])}")
    reply = replied(letter, [*model, *chosen]) if chosen else first
    tally.add("seconds", round(reply.seconds))
    unsaid = [point.get("answer", "") for point in first.points]
    for point in reply.points:
        taken = point.get("stance") or point.get("said")
        tally.add("with a stance", int(bool(taken)))
        left = taken not in ("", None, "open") and point.get("answer", "") in ["", *unsaid]
        tally.add("left open", int(left), flat(point["text"])[:100])
    language = truth["language"]
    asked = asked_in(truth, source)
    judge_letter(tally, "ours", reply.text, source, language, asked)
    wrong = invented(reply.unmarked, source, language)
    tally.add("ours: invented, not marked", len(wrong), ", ".join(wrong))
    if told.out:
        (told.out / f"{letter.name}.reply.txt").write_text(reply.text, "utf-8")


def plain(tally: Tally, desk: Desk, letter: Path, truth: Mapping[str, Any], source: str, out: Path | None) -> None:
    """The same letter by the plain question; what was answered once is read again."""
    language = truth["language"]
    asked = [whole(point, source) for point in truth["points"]]
    points = "\n".join(
        f"{at}. “{words}”: {said_to(letter.name, point, language)}"
        for at, (words, point) in enumerate(zip(asked, truth["points"], strict=True), 1)
    )
    kept = out / f"{letter.name}.plain.txt" if out else None
    if kept is not None and kept.exists():
        text = kept.read_text("utf-8")
    else:
        made = desk.plain(desk.read(letter), PLAIN[language].format(points=points))
        text = made.text
        tally.add("plain: seconds", round(made.seconds))
    if kept is not None:
        kept.write_text(text, "utf-8")
    judge_letter(tally, "plain", text, source, language, asked_in(truth, source))


def read(letter: Path) -> str:
    """The words of a letter as the command reads them."""
    command = [sys.executable, "-m", "slmdesk", "documents", "text", "--no-save"]
    done = subprocess.run([*command, str(letter)], capture_output=True, text=True, check=True)
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """See above. Status 1 where a letter could not be answered."""
    about = (__doc__ or "").partition("\n\n")[0]
    parser = argparse.ArgumentParser("python -m benchmarks replies", description=about)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="", help="a .gguf, for the plain question")
    parser.add_argument("--name", default="", help="the same model in the home")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--plain-only", action="store_true")
    parser.add_argument("--out", type=Path)
    told = parser.parse_args(arguments)
    if told.out:
        told.out.mkdir(parents=True, exist_ok=True)
    whole, failed = Counter[str](), 0
    letters = [path.with_suffix("") for path in sorted(told.folder.glob("*.json")) if path.with_suffix("").is_file()]
    desk = Desk(told.model, threads=1) if told.plain or told.plain_only else None
    with tempfile.TemporaryDirectory() as home:
        os.environ.setdefault("SLMDESK_HOME", home)
        for letter in letters:
            try:
                tally = judged(letter, told, desk)
            except (RuntimeError, json.JSONDecodeError) as error:
                print(f"{letter.name}: {error}", file=sys.stderr)
                failed += 1
                continue
            whole += tally.counts
            print(letter.name, dict(tally.counts), *tally.lines, sep="\n", flush=True)
    if desk is not None:
        desk.close()
    print("all", *(f"{name}: {count}" for name, count in whole.items()), sep="\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""python -m benchmarks stand_ins FOLDER [SEED]: names out and back. Texts with stand-ins go through ten kinds of
change, as whoever works on them makes, and the originals are put back.

FOLDER holds texts, NAME.LANGUAGE.txt, and beside some the names in them, as
NAME.LANGUAGE.json: [[kind, name], …]. Prints for each kind of change how many stand-ins
came back as their originals, how many were left, and how many became something else.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from slmdesk.children.formats.redacting.finder import seen_in
from slmdesk.documents.private_words import private_words
from slmdesk.redact import Kind, Table
from slmdesk.redact.stand_ins import (
    places_of,
    put_back,
    stand_ins_for,
    with_stand_ins,
    words_of,
)

INVENTED = {
    "de": ["Herr Bodo Quast hat zugestimmt.", "Die Zeugin Ottilie Harnisch war da."],
    "en": ["Mr Ned Quigley agreed.", "The witness was Mrs Mabel Hargrave."],
    "fr": ["M. Gaston Quenard a accepté.", "Mme Odile Hersant était présente."],
    "es": ["El Sr. Benito Quesada aceptó.", "La Sra. Nieves Herranz estaba presente."],
}
FRAMES = {
    "de": ["Am Montag schrieb {}, man sei einig.", "Der Brief ist an {} gerichtet."],
    "en": ["On Monday, {} wrote that all was agreed.", "The letter is for {}."],
    "fr": ["Lundi, {} a écrit que tout va bien.", "La lettre est pour {}."],
    "es": ["El lunes, {} escribió que todo va bien.", "La carta es para {}."],
}


class Piece(NamedTuple):
    """Of an answer, and what is to come of it."""

    answer: str
    expected: str
    kind: Kind | None = None
    """None: it is no stand-in."""


Pieces = list[Piece]
Change = Callable[[Pieces, Table, str, random.Random], Pieces]


def same(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Leave all as it is."""
    return pieces


def translated(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Put the stand-ins into sentences of another language."""
    other = rng.choice([each for each in FRAMES if each != language])
    made = Pieces()
    for piece in pieces:
        if piece.kind is not None:
            before, after = rng.choice(FRAMES[other]).split("{}")
            made += [plain(before), piece, plain(f"{after}\n")]
    return made


def summarised(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Keep some of the lines with stand-ins."""
    made = Pieces()
    for line in lines(pieces):
        if any(piece.kind for piece in line) and rng.random() < 0.6:
            made += [plain("- "), *line, plain("\n")]
    return made


def inflected(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Give names an ending."""

    def other(piece: Piece) -> Piece:
        if piece.kind not in (Kind.PERSON, Kind.FIRM) or not piece.answer[-1].isalpha():
            return piece
        ending = rng.choice({"de": ["s", "n", "’"], "en": ["’s", "'s"]}.get(language, [""]))
        kept = ending
        if ending == "s" and piece.expected[-1] in "sßxz":
            kept = "’"
        return Piece(piece.answer + ending, piece.expected + kept, piece.kind)

    return [*map(other, pieces)]


def upper(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Write all in large letters."""
    return [Piece(piece.answer.upper(), as_upper(piece), piece.kind) for piece in pieces]


def as_upper(piece: Piece) -> str:
    """Return what comes back in large letters."""
    is_code = piece.kind is not None and piece.answer.isupper()
    return piece.expected if is_code or piece.expected.islower() else piece.expected.upper()


def marked(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Put marks of Markdown around and into stand-ins."""

    def other(piece: Piece) -> Piece:
        words = piece.answer
        if piece.kind is None:
            return piece
        middle = len(words) // 2
        way = rng.randrange(5)
        words = [
            f"**{words}**",
            f"_{words}_",
            f"**{words[:middle]}**{words[middle:]}",
            words.replace(" ", "** **").join(("**", "**")),
            re.sub(r"([-.@])", r"\\\1", words),
        ][way]
        return Piece(words, piece.expected, piece.kind)

    return [*map(other, pieces)]


def reordered(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Put surnames first, and lines in another order."""

    def other(piece: Piece) -> Piece:
        if piece.kind is not Kind.PERSON or not re.fullmatch(r"[^\W\d]{3,} [^\W\d]{3,}", piece.answer):
            return piece
        turned = [", ".join(reversed(words.split(" ", 1))) for words in piece[:2]]
        return Piece(*turned, piece.kind)

    made = [*map(other, pieces)]
    by_line = [*lines(made)]
    rng.shuffle(by_line)
    return [piece for line in by_line for piece in (*line, plain("\n"))]


def shortened(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Leave one name, or an initial."""

    def other(piece: Piece) -> Piece:
        if piece.kind is not Kind.PERSON or not re.fullmatch(r"[^\W\d]{3,} [^\W\d]{3,}", piece.answer):
            return piece
        one, two = piece.answer.split(), piece.expected.split()
        if len(two) != 2:
            return piece
        way = rng.randrange(3)
        if way == 2:
            return Piece(f"{one[0][0]}. {one[1]}", f"{two[0][0]}. {two[1]}", piece.kind)
        return Piece(one[way], two[way], piece.kind)

    return [*map(other, pieces)]


def web(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Put tags into stand-ins, and entities."""

    def other(piece: Piece) -> Piece:
        if piece.kind is None:
            return piece
        words = piece.answer
        middle = len(words) // 2
        words = [
            f"<b>{words}</b>",
            f"<span class='n'>{words[:middle]}</span>{words[middle:]}",
            words.replace(" ", "&nbsp;"),
            words.replace(".", "&#46;"),
        ][rng.randrange(4)]
        return Piece(words, piece.expected, piece.kind)

    return [*map(other, pieces)]


def invented(pieces: Pieces, table: Table, language: str, rng: random.Random) -> Pieces:
    """Add people whom nobody named, some with a part of the name of somebody else."""
    made = Pieces()
    people = [piece.answer.split() for piece in pieces if piece.kind is Kind.PERSON]
    whole = [words for words in people if len(words) == 2]
    for line in lines(pieces):
        made += [*line, plain("\n")]
        if rng.random() < 0.3:
            sentence = rng.choice(INVENTED.get(language, INVENTED["en"]))
            made.append(plain(f"{sentence}\n"))
        if whole and rng.random() < 0.2:
            first, last = rng.choice(whole)
            made.append(plain(rng.choice([f"Quirin {last}.\n", f"{first} Quennert.\n"])))
    return made


CHANGES: dict[str, Change] = {
    "as it is": same,
    "translated": translated,
    "summarised": summarised,
    "inflected": inflected,
    "upper case": upper,
    "Markdown": marked,
    "reordered": reordered,
    "shortened": shortened,
    "HTML": web,
    "invented": invented,
}
MIXED = "two mixed"


def plain(words: str) -> Piece:
    """Return what is no stand-in."""
    return Piece(words, words)


def lines(pieces: Pieces) -> Iterator[Pieces]:
    """Yield the pieces line by line."""
    line = Pieces()
    for piece in pieces:
        if piece.kind is not None:
            line.append(piece)
            continue
        first, *rest = piece.answer.split("\n")
        line.append(plain(first))
        for words in rest:
            yield line
            line = [plain(words)]
    yield line


def sent(text: str, rng: random.Random, taken: list[str]) -> tuple[Pieces, Table, list[str]]:
    """Return a text with stand-ins, their table, and what is known besides."""
    seen = [*seen_in(text)]
    words = private_words([("", text)], [], [], [], [seen])
    chosen = [(word.kind, word.words) for word in words if word.is_chosen]
    table = stand_ins_for(text, chosen, rng.randbytes(4).hex(), taken)
    kinds = {original: entry.kind for entry in table for original, _ in entry.pairs}
    pieces, end = Pieces(), 0
    for start, stop, original, stand_in in places_of(text, table):
        pieces += [plain(text[end:start]), Piece(stand_in, text[start:stop], kinds[original])]
        end = stop
    pieces.append(plain(text[end:]))
    answer, _count, beside = with_stand_ins(text, table)
    assert "".join(piece.answer for piece in pieces) == answer
    return pieces, table, [*beside, *(word.words for word in words if not word.is_chosen)]


def returned(answer: str, table: Table, others: list[Table], known: list[str]) -> str:
    """Return an answer with its names."""
    seen = [*seen_in(words_of(answer))]
    return put_back(answer, table, others=others, known=known, seen=seen).text


def score(result: str, pieces: Pieces, name: str, shown: list[str]) -> Counter[str]:
    """Walk through a result, piece by piece."""
    counts = Counter[str]()
    at = 0
    for number, piece in enumerate(pieces):
        if result.startswith(piece.expected, at) and piece.expected:
            counts["back" if piece.kind else "text"] += 1
            at += len(piece.expected)
        elif piece.kind and (spelt := spellings(piece.expected).match(result, at)):
            counts.update(("back", "spelt"))
            at = spelt.end()
        elif result.startswith(piece.answer, at):
            counts["left" if piece.kind else "text"] += 1
            at += len(piece.answer)
            if piece.kind:
                shown.append(f"{name}: left {piece.answer!r} for {piece.expected!r}")
        elif piece.answer:
            rest = "".join(each.answer for each in pieces[number + 1 :] if not each.kind)[:12]
            end = result.find(rest, at)
            shown.append(f"{name}: WRONG {result[at : max(end, at)][:60]!r} for {piece[:2]!r}")
            counts["wrong"] += 1
            at = max(end, at)
    return counts


def main(arguments: Sequence[str]) -> int:
    """Print the shares of each kind of change."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    folder, seed = Path(arguments[0]), [*arguments, "1"][1]
    totals: dict[str, Counter[str]] = {name: Counter() for name in (*CHANGES, MIXED)}
    shown, names = list[str](), Counter[str]()
    before: tuple[Pieces, Table] | None = None
    for path in sorted(folder.glob("*.txt")):
        language = path.stem.rpartition(".")[2]
        text = path.read_text("utf-8")
        rng = random.Random(f"{seed}{path.name}")
        taken = [pair[1] for entry in (before[1] if before else ()) for pair in entry.pairs]
        pieces, table, known = sent(text, rng, taken)
        gone = "".join(piece.answer for piece in pieces)
        if (spans := path.with_suffix(".json")).exists():
            for kind, words in json.loads(spans.read_text("utf-8")):
                if kind == "PERSON" and len(words) > 2:
                    names["left" if words in gone else "gone"] += 1
        for name, change in CHANGES.items():
            changed = change(pieces, table, language, rng)
            answer = "".join(piece.answer for piece in changed)
            result = returned(answer, table, [], known)
            if change in (marked, web):
                result = words_of(result)
                changed = [Piece(words_of(piece.answer), *piece[1:]) for piece in changed]
            if change is web:
                result = result.replace("\u00a0", " ")
            totals[name] += score(result, changed, f"{path.stem} {name}", shown)
        if before:
            mixed = [
                each
                for pair in zip(lines(before[0]), lines(pieces), strict=False)
                for line in pair
                for each in (*line, plain("\n"))
            ]
            answer = "".join(piece.answer for piece in mixed)
            result = returned(answer, table, [before[1]], known)
            result = returned(result, before[1], [table], known)
            totals[MIXED] += score(result, mixed, f"{path.stem} {MIXED}", shown)
        before = pieces, table
    print("\n".join(shown))
    whole = Counter[str]()
    for name, counts in totals.items():
        whole += counts
        print(f"{name:12s} {line_of(counts)}")
    print(f"{'all':12s} {line_of(whole)}")
    print(f"names in spans: {names['gone']} gone, {names['left']} left")
    return 0


def spellings(words: str) -> re.Pattern[str]:
    """Return what matches words with other cases, spaces and line ends."""
    return re.compile(r"[\s,]+".join(map(re.escape, re.split(r"[\s,]+", words))), re.IGNORECASE)


def line_of(counts: Counter[str]) -> str:
    """Say the shares of one kind."""
    count = counts["back"] + counts["left"] + counts["wrong"]
    return (
        f"{counts['back']:5d} of {count:5d} back = {counts['back'] / max(count, 1):.3f} "
        f"({counts['spelt']} in another case or line), "
        f"{counts['left']} left, {counts['wrong']} wrong"
    )

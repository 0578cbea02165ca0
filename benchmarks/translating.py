"""python -m benchmarks.translating WHAT [--model GGUF] [--show]: how well a model translates through the whole program.

`tagged`: the sentences of tagged.toml, as a web page, through the real reader and plan: how many kept their tags at the
first try, after a second one, by projection (of those phrases: pointed at by the model, found word for word, or
reckoned by their place), and how many failed.  Whether they stand well a person must say: --show prints them.

`catalogues FOLDER`: messages of gettext catalogues (FOLDER is like /usr/share/locale: de/LC_MESSAGES/NAME.mo), chosen
with a fixed seed, translated as a text and compared with the published translation: chrF++ (Popović 2017) by sacrebleu,
beside that of the untranslated source; and how many segments were flagged.
"""

from __future__ import annotations

import argparse
import gettext
import os
import random
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.common import MODEL, Row, table
from benchmarks.time_left import PATIENCE_S, add_model, opened
from slmdesk.base.text.tagged import Tags, mended, phrases_of, problems, verbatim
from slmdesk.base.translation import SegmentRecord, SegmentState
from slmdesk.tasks.jobs.runner import step_key
from slmdesk.tasks.translation.preserved import without_chatter
from slmdesk.tasks.translation.prompts import TranslationStyle, projection_step, prompt_version, translation_step
from slmdesk.tasks.translation.types import TranslationRequest

if TYPE_CHECKING:
    from slmdesk.services import Services

TAGGED = Path(__file__).with_name("tagged.toml")
PAGE = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>x</title></head><body>\n{}\n</body></html>\n'
SHORTEST, LONGEST = 30, 220
"""Characters of a message of a catalogue."""
SEED = 5


@dataclass(frozen=True, slots=True)
class Made:
    """A translation that was made."""

    segments: Sequence[SegmentRecord]
    values: Mapping[str, Mapping[str, Any]]
    """The answers of the model, by the key of their step."""
    sha256: str
    seconds: float

    def answer(self, step: Mapping[str, Any] | None) -> str | None:
        """What the model said to a step; None where it was never asked."""
        value = self.values.get(step_key(self.sha256, prompt_version(), step)) if step else None
        return None if value is None else str(value.get("text", ""))


@contextmanager
def services_with(model: Path) -> Iterator[Services]:
    """The program with one model, in a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["SLMDESK_HOME"] = home
        services = opened()
        try:
            add_model(services, model, is_able=False)
            yield services
        finally:
            services.close()


def translate(services: Services, request: TranslationRequest) -> Made:
    """Have something translated, and wait."""
    from slmdesk.base.records import JobStatus
    from slmdesk.tasks.jobs.types import JobChanged

    over = threading.Event()

    def receive(event: JobChanged) -> None:
        if event.status not in (JobStatus.OPEN, JobStatus.RUNNING):
            over.set()

    services.on(JobChanged, receive)
    began = time.monotonic()
    item = services.service_thread.call(lambda: services.translations.begin(request))
    if not over.wait(PATIENCE_S):
        raise TimeoutError("the translation did not end")
    seconds = time.monotonic() - began
    segments = services.service_thread.call(lambda: services.translations.segments(item.id, limit=1 << 30))
    job = services.service_thread.call(lambda: services.store.jobs.of_item(item.id))[0]
    values = services.service_thread.call(lambda: services.store.jobs.step_values(job.id))
    return Made(segments, values, job.model_sha256, seconds)


# ---- tags


def way_of(segment: SegmentRecord, made: Made, manner: TranslationStyle) -> str:
    """How the tags of a segment came to their places."""
    if segment.state is SegmentState.FAILED:
        return "failed"
    if any(flag.kind == "formatting" for flag in segment.flags):
        return "projected"
    tags = Tags(segment.paired, segment.lone)
    first = made.answer(translation_step(segment.source, tags, manner, with_probabilities=True)) or ""
    said = mended(without_chatter(segment.source, first).strip(), tags)
    return "second try" if problems(said, tags) else "first try"


def phrase_ways(segment: SegmentRecord, made: Made, manner: TranslationStyle) -> Iterator[str]:
    """How each tagged phrase of a projected segment was placed."""
    words, phrases = phrases_of(segment.source, Tags(segment.paired, segment.lone))
    said = made.answer(translation_step(words, Tags(), manner)) or ""
    target = " ".join(without_chatter(words, said).split())
    for phrase in phrases:
        if phrase.text.strip():
            if verbatim(target, phrase.text):
                yield "word for word"
            else:
                yield "pointed at" if made.answer(projection_step(words, target, phrase.text.strip())) else "reckoned"


def tagged(services: Services, *, is_shown: bool) -> Iterator[Row]:
    """The sentences with formatting inside, a page for each pair of languages."""
    for group in tomllib.loads(TAGGED.read_text(encoding="utf-8"))["group"]:
        with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8", delete=False) as page:
            page.write(PAGE.format("\n".join(f"<p>{sentence}</p>" for sentence in group["sentences"])))
        manner = TranslationStyle(group["to"], group["from"])
        made = translate(services, TranslationRequest(group["to"], path=page.name, source=group["from"]))
        Path(page.name).unlink()
        rows = [segment for segment in made.segments if segment.paired or segment.lone]
        ways = Counter(way_of(row, made, manner) for row in rows)
        by = Counter(
            way for row in rows if way_of(row, made, manner) == "projected" for way in phrase_ways(row, made, manner)
        )
        for record in rows if is_shown else ():
            print(f"[{way_of(record, made, manner)}] {record.source}\n    → {record.target}", flush=True)
            print("     ", *(f"{flag.kind}:{flag.text}" for flag in record.flags), flush=True)
        detail = ", ".join(f"{count} {way}" for way, count in by.items())
        yield Row(
            f"{group['from']} → {group['to']}, {len(rows)} tagged segments",
            ", ".join(f"{ways[way]} {way}" for way in ("first try", "second try", "projected", "failed")),
            "0 failed",
            f"phrases projected: {detail or 'none'}; {made.seconds:.0f} s",
        )


# ---- catalogues


def messages_of(folder: Path, language: str, names: Sequence[str], count: int) -> list[tuple[str, str]]:
    """So many (English, published translation) of catalogues: one line each, without the placeholders of programs."""
    messages: dict[str, str] = {}
    for name in names:
        path = folder / language / "LC_MESSAGES" / f"{name}.mo"
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)._catalog
        for source, target in catalogue.items():
            if not isinstance(source, str) or not SHORTEST <= len(source.strip()) <= LONGEST or source == target:
                continue
            source, target = source.strip(), target.strip()
            if "\n" not in source + target and not any(sign in source for sign in "%{}`<>\x04"):
                messages[source] = target
    return random.Random(SEED).sample(sorted(messages.items()), min(count, len(messages)))


def catalogues(
    services: Services, folder: Path, languages: Sequence[str], names: Sequence[str], count: int, *, is_shown: bool
) -> Iterator[Row]:
    """Messages of programs against what their translators wrote."""
    from sacrebleu.metrics import CHRF

    for language in languages:
        pairs = messages_of(folder, language, names, count)
        made = translate(services, TranslationRequest(language, text="\n".join(text for text, _ in pairs), source="en"))
        said = "".join(
            segment.lead + (segment.target or segment.source) + segment.trail for segment in made.segments
        ).split("\n")
        chrf = CHRF(word_order=2)
        requested = [[target for _, target in pairs]]
        score, bare = (
            chrf.corpus_score(said, requested).score,
            chrf.corpus_score([text for text, _ in pairs], requested).score,
        )
        flagged = Counter(flag.kind for segment in made.segments for flag in segment.flags)
        failed = sum(segment.state is SegmentState.FAILED for segment in made.segments)
        for (source, target), answer in zip(pairs, said, strict=True) if is_shown else ():
            print(f"{source}\n    → {answer}\n    = {target}", flush=True)
        yield Row(
            f"en → {language}, {len(pairs)} messages of {', '.join(names)}",
            f"chrF++ {score:.1f}",
            "as it is",
            f"untranslated {bare:.1f}; {len(made.segments)} segments, {failed} failed, flags: "
            + (", ".join(f"{number} {kind}" for kind, number in flagged.most_common()) or "none")
            + f"; {made.seconds:.0f} s",
        )


def main(arguments: list[str]) -> int:
    """Run one of the two and print its table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["tagged", "catalogues"])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("/usr/share/locale"))
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--languages", nargs="+", default=["de", "fr", "pl"])
    parser.add_argument("--names", nargs="+", default=["apt", "coreutils", "git"])
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--show", action="store_true")
    requested = parser.parse_args(arguments)
    with services_with(requested.model) as services:
        if requested.what == "tagged":
            rows = list(tagged(services, is_shown=requested.show))
        else:
            rows = list(
                catalogues(
                    services,
                    requested.folder,
                    requested.languages,
                    requested.names,
                    requested.messages,
                    is_shown=requested.show,
                )
            )
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

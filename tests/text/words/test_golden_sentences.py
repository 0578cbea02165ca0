"""Where texts are cut into sentences, measured on golden/sentences.toml.

The rules of the cutter are made looking at the open half of the texts alone; the other half, with an odd hash of the
text, is laid aside and looked at once, when they are done.  `pytest -s` prints how many of each language are right.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from slmdesk.text.sentences import sentences

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parents[2] / "golden" / "sentences.toml"


@dataclass(frozen=True, slots=True)
class Case:
    """A text and its sentences, which have " | " between them in the file."""

    language: str
    marked: str
    is_known_wrong: bool = False

    @property
    def sentences(self) -> list[str]:
        return self.marked.split(" | ")

    @property
    def text(self) -> str:
        return " ".join(self.sentences)

    @property
    def is_aside(self) -> bool:
        return int(hashlib.sha256(self.text.encode()).hexdigest(), 16) % 2 == 1

    @property
    def is_right(self) -> bool:
        return sentences(self.text, self.language) == self.sentences


def cases_of(text: str) -> list[Case]:
    return [
        Case(language, row["text"], row.get("today") == "wrong")
        for language, rows in tomllib.loads(text).items()
        for row in rows
    ]


CASES = cases_of(GOLDEN.read_text("utf-8"))
LANGUAGES = sorted({case.language for case in CASES})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_cut_as_a_reader_would_unless_known_wrong(language: str) -> None:
    cases = [case for case in CASES if case.language == language]
    for half in (False, True):
        part = [case for case in cases if case.is_aside is half]
        right = sum(case.is_right for case in part)
        print(f"{language} {'aside' if half else 'open'}: {right} of {len(part)} right")
    newly_wrong = [case.marked for case in cases if not case.is_right and not case.is_known_wrong]
    assert not newly_wrong
    mended = [case.marked for case in cases if case.is_right and case.is_known_wrong]
    assert not mended, 'these are cut rightly now and lose their `today = "wrong"`'


def test_a_case_says_its_text_and_its_sentences() -> None:
    (case,) = cases_of('de = [{ text = "Am 3. Mai kam er. | Dann ging er.", today = "wrong" }]')
    assert case.text == "Am 3. Mai kam er. Dann ging er."
    assert case.sentences == ["Am 3. Mai kam er.", "Dann ging er."]
    assert case.is_known_wrong

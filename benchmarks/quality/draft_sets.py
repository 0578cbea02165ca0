"""Papers with drafts: a good summary of each, written by hand, and the facts that a reader must or should learn.

    FOLDER/NAME               a paper, in any format the program reads; it may lie in another folder, see `Cases`
    FOLDER/drafts/NAME.txt    its draft, one sentence or point a line
    FOLDER/facts.json         {NAME: {"language": "de", "facts": {fact: regular expression}, "musts": [fact]}}
    FOLDER/faults.json        {NAME: [{"kind": KIND, "line": N, "text": line N of the draft with one fault in it}]}

Expressions are looked for without regard to case, in a text as it is, with one kind of space, dash and quotation mark,
and with "ae" for "ä"; a dot does not match the end of a line.  A fact that must be known counts 2, others 1.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.quality.expectations import SIGNS

DRAFTS, FACTS, FAULTS = "drafts", "facts.json", "faults.json"
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


class BadInput(Exception):
    """Something in a folder that cannot be used; its words name the file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of a draft with one fault."""

    kind: str
    line: int
    """Its index among the lines of the draft."""
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """A paper with its draft."""

    name: str
    paper: Path
    language: str
    draft: tuple[str, ...]
    """As its lines; an empty line is a line."""
    facts: Mapping[str, re.Pattern[str]]
    musts: frozenset[str]
    faults: tuple[Fault, ...]

    def said_in(self, text: str) -> frozenset[str]:
        """The facts that a text says."""
        spaced = "\n".join(" ".join(line.split()) for line in text.splitlines())
        flat = spaced.translate(SIGNS)

        def says(fact: re.Pattern[str]) -> bool:
            spelt = re.compile(fact.pattern.translate(UMLAUTS), fact.flags)
            return any((fact.search(spaced), fact.search(flat), spelt.search(flat.translate(UMLAUTS))))

        return frozenset(name for name, fact in self.facts.items() if says(fact))

    def worth(self, facts: Iterable[str]) -> int:
        """The points of some facts."""
        return sum(2 if fact in self.musts else 1 for fact in facts)


class Cases:
    """The papers of a folder.  Raises BadInput where the folder cannot be used at all."""

    def __init__(self, folder: Path, papers: Sequence[Path] = ()) -> None:
        """A paper that does not lie in `folder` is looked for in `papers` and the folders within."""
        if not folder.is_dir():
            raise BadInput(f"{folder}: no such folder")
        self._folder = folder
        self._told = _object_in(folder / FACTS)
        self._papers = [_names_in(folder, folder.glob("*")), *(_names_in(path, path.rglob("*")) for path in papers)]
        self._drafts = _names_in(folder / DRAFTS, (folder / DRAFTS).glob("*"))
        self.problems = [f"{path}: no such folder" for path in papers if not path.is_dir()]
        """What is wrong beside the papers."""
        self._faults: dict[str, Any] = {}
        self.has_faults = (folder / FAULTS).exists()
        if self.has_faults:
            try:
                self._faults = _object_in(folder / FAULTS)
            except BadInput as err:
                self.problems.append(str(err))
        known = set(map(_key, self._told))
        drafted = [name.removesuffix(".txt") for name in self._drafts if name.endswith(".txt")]
        for where, names in ((FAULTS, list(self._faults)), (DRAFTS, drafted)):
            self.problems += [
                f"{folder / where}: {name} is not in {FACTS}" for name in names if _key(name) not in known
            ]

    @property
    def names(self) -> list[str]:
        """Of the papers, in the order of facts.json."""
        return list(self._told)

    def case(self, name: str) -> Case:
        """Raises BadInput."""
        told, where = self._told[name], f"{self._folder / FACTS}: {name}"
        if not isinstance(told, dict) or not isinstance(told.get("facts"), dict) or not told["facts"]:
            raise BadInput(f'{where}: wants {{"language": …, "facts": {{fact: regular expression}}, "musts": [fact]}}')
        facts = {fact: _pattern(text, f"{where}: {fact}") for fact, text in told["facts"].items()}
        musts, language = told.get("musts", []), told.get("language", "")
        if not isinstance(language, str) or not isinstance(musts, list):
            raise BadInput(f"{where}: language wants a string, musts a list")
        if unknown := [must for must in musts if must not in facts]:
            raise BadInput(f"{where}: {', '.join(map(str, unknown))} in musts is none of its facts")
        paper, draft = self._paper(name), self._draft(name)
        return Case(
            name, paper, language, draft, facts, frozenset(musts), tuple(self._faults_of(name, len(draft)))
        )  # fmt: skip

    def _paper(self, name: str) -> Path:
        for known in self._papers:
            if some := known.get(_key(name)):
                if len({path.read_bytes() for path in some}) > 1:
                    raise BadInput(f"{name}: there are several such papers: {', '.join(map(str, some))}")
                return some[0]
        raise BadInput(f"{self._folder / name}: no such paper")

    def _draft(self, name: str) -> tuple[str, ...]:
        path = next(iter(self._drafts.get(_key(f"{name}.txt"), ())), self._folder / DRAFTS / f"{name}.txt")
        lines = tuple(_text_of(path).splitlines())
        if not any(any(map(str.isalnum, line)) for line in lines):
            raise BadInput(f"{path}: this draft is empty")
        return lines

    def _faults_of(self, name: str, count: int) -> Iterator[Fault]:
        faults: Any = next((value for key, value in self._faults.items() if _key(key) == _key(name)), [])
        for told in faults if isinstance(faults, list) else [faults]:
            match told:
                case {"kind": str(kind), "line": int(line), "text": str(text)} if 1 <= line <= count and text.strip():
                    yield Fault(kind, line - 1, text)
                case _:
                    words = json.dumps(told, ensure_ascii=False)[:200]
                    self.problems.append(
                        f"{self._folder / FAULTS}: {name}: wants kind, line (1 to {count}) and text: {words}"
                    )


def _key(name: str) -> str:
    """A name as other computers may have written it, too."""
    return unicodedata.normalize("NFC", name)


def _names_in(folder: Path, paths: Iterator[Path]) -> dict[str, list[Path]]:
    """Files by their names and by their places in a folder."""
    files: dict[str, list[Path]] = {}
    for path in sorted(paths) if folder.is_dir() else ():
        if path.is_file():
            for name in {path.name, path.relative_to(folder).as_posix()}:
                files.setdefault(_key(name), []).append(path)
    return files


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: this is not UTF-8") from None
    except OSError as err:
        raise BadInput(f"{path}: {err.strerror}") from None


def _object_in(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(_text_of(path))
    except json.JSONDecodeError as err:
        raise BadInput(f"{path}: this is not JSON: {err}") from None
    if not isinstance(told, dict):
        raise BadInput(f"{path}: wants an object with the name of each paper")
    return told


def _pattern(text: object, where: str) -> re.Pattern[str]:
    try:
        return re.compile(text if isinstance(text, str) else "(", re.IGNORECASE)
    except re.error as err:
        why = err if isinstance(text, str) else "wants a string"
        raise BadInput(f"{where}: this is not a regular expression: {why}") from None

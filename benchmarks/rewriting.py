"""python -m benchmarks.rewriting [PATTERN …] [--save]: real documents given back with other words.

The samples of benchmarks/reading_samples.py whose format can be rewritten, PDF but for a few apart.  Units: texts that
would be translated, with how many hold tags.  Back: units whose words are found in the new file as they were put in;
one whose tags are not balanced would end the run.  Outside: letters of the file's own text nodes, as a check that knows
no rewriter finds them (tests/fakes/remaining.py), neither in a unit nor listed as left, of all.  Parts: those of the
archive that hold the same bytes, of all; one with a changed unit is another.  Opens: the format's own library
(python-docx, python-pptx, openpyxl) and LibreOffice, headless, open the result.  Pages: as LibreOffice lays out the
document, and the same with every unit given back as it was.
"""

from __future__ import annotations

import importlib
import io
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path

import pypdfium2

from benchmarks.common import ROOT
from benchmarks.reading import fetched, package_file
from benchmarks.reading_samples import PDFS, SAMPLES, Sample
from slmdesk.base.documents import translated_name
from slmdesk.base.errors import KnownError
from slmdesk.base.text.tagged import pieces, plain
from slmdesk.children.formats.reading import REWRITERS, Reading, rewriter_of
from slmdesk.children.formats.rewriting.rewriters import LeftAsIs, Rewriting, Unit, written_to
from slmdesk.children.tasks.reader import chosen_format

BEGIN, END = "<!-- rewriting: begin -->", "<!-- rewriting: end -->"
HEAD = ("document", "units (tagged)", "back", "outside", "parts", "opens", "pages", "left and said", "time")
FEW_PDFS = ("mime.pdf", "report.pdf", "statement.pdf", "tutorial.fr.pdf", "slime.pdf")
OFFICE = frozenset(("docx", "pptx", "xlsx", "odt", "odp", "ods"))
LIBRARIES = {"docx": ("docx", "Document"), "pptx": ("pptx", "Presentation"), "xlsx": ("openpyxl", "load_workbook")}
SWEPT = ("pypi:python-docx==1.2.0", "pypi:python-pptx==1.0.2", "pypi:openpyxl==3.1.5")
LIMIT_S = 300


def turned(unit: Unit) -> str:
    """The text of a unit, capital and small letters exchanged, its tags as they are."""
    return "".join(piece.swapcase() if isinstance(piece, str) else str(piece) for piece in pieces(unit.text, unit.tags))


def written(path: Path, format_id: str, units: Sequence[Unit], change: Callable[[Unit], str]) -> bytes:
    """The document with all units changed.  Raises RuntimeError where one was refused."""
    out = io.BytesIO()
    answers = {number: (unit.text, change(unit)) for number, unit in enumerate(units)}
    refused = written_to(rewriter_of(format_id, str(path)), Rewriting(Reading(str(path))), answers, out)
    if refused:
        raise RuntimeError(f"{path.name}: {len(refused)} units refused")
    return out.getvalue()


def measured(path: Path) -> list[str]:
    """The cells of one row; none for a format that cannot be rewritten."""
    began = time.monotonic()
    chosen = chosen_format(Reading(str(path)), "")
    if chosen not in REWRITERS:
        return []
    rewriter = rewriter_of(chosen, str(path))
    parts = list(rewriter(Rewriting(Reading(str(path)))))
    units = [piece for piece in parts if isinstance(piece, Unit)]
    left = [piece for piece in parts if isinstance(piece, LeftAsIs)]
    data = written(path, chosen, units, turned)
    took = time.monotonic() - began
    opens, pages = _opened(path, chosen, data, written(path, chosen, units, lambda unit: unit.text))
    counts = Counter(piece.kind for piece in left)
    return [
        path.name, f"{len(units)} ({sum(bool(unit.tags) for unit in units)})", _back(path, chosen, units, data),
        _outside(path, chosen, units, left), _parts(path, data) if chosen != "pdf" else "–", opens, pages,
        ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "–", f"{took:.1f} s",
    ]  # fmt: skip


def _back(path: Path, format_id: str, units: Sequence[Unit], data: bytes) -> str:
    if format_id == "pdf":  # numbers of headings are no part of a unit there, and repeated lines are one
        words = "\n".join(_bare(unit) for unit in rewriter_of("docx", "")(Rewriting(Reading("a.docx", data=data)))
                          if isinstance(unit, Unit))  # fmt: skip
        return f"{sum(_bare(unit).swapcase() in words for unit in units)}/{len(units)}"
    rewriter = rewriter_of(format_id, str(path))
    again = Counter(_bare(unit) for unit in rewriter(Rewriting(Reading(str(path), data=data)))
                    if isinstance(unit, Unit))  # fmt: skip
    requested = Counter(_bare(unit).swapcase() for unit in units)
    return f"{sum((again & requested).values())}/{len(units)}"


def _bare(unit: Unit) -> str:
    """Its words: which look is the plain one, and which has tags, may change with their lengths."""
    return " ".join(plain(unit.text, unit.tags).split())


def _outside(path: Path, format_id: str, units: Sequence[Unit], left: list[LeftAsIs]) -> str:
    """The share of letters that are neither in a unit nor said."""
    if format_id == "pdf":  # what the reader does not read is measured by benchmarks.reading
        return "–"
    sys.path.insert(0, str(ROOT / "tests"))
    from fakes.remaining import marked, unnamed

    places, letters, count = unnamed(format_id, written(path, format_id, units, marked), left)
    for part, words in places[:5]:
        print(f"  {path.name} {part}: {words[:100]}", file=sys.stderr)
    return f"{100 * letters / max(1, count):.2f} %"


def _opened(path: Path, format_id: str, data: bytes, same: bytes) -> tuple[str, str]:
    """What opens the result, and how many pages the document has before and after."""
    name = translated_name(path, "xx")
    library = LIBRARIES.get(Path(name).suffix.lstrip("."))
    opens = []
    if library is not None:
        opens += _by_library(library, path, data)
    if shutil.which("soffice") is None or format_id not in {*OFFICE, "pdf"}:
        return ", ".join(opens) or "–", "no LibreOffice here" if format_id in OFFICE else "–"
    suffix = Path(name).suffix
    files = {f"turned{suffix}": data, f"same{suffix}": same}
    if format_id == "pdf":
        before = len(pypdfium2.PdfDocument(path))
    else:
        files[f"before{suffix}"] = path.read_bytes()
    counts = _pages(files)
    if counts.get("turned"):
        opens.append("LibreOffice")
    if format_id != "pdf":
        before = counts.get("before", 0)
    return ", ".join(opens), f"{before} → {counts.get('same', 0)}"


def _by_library(library: tuple[str, str], path: Path, data: bytes) -> list[str]:
    """Whether the format's own library opens the result; what it cannot open before is no fault of ours."""
    load = getattr(importlib.import_module(library[0]), library[1])
    try:
        load(io.BytesIO(data))
    except (KeyError, ValueError, OSError) as err:
        try:
            load(io.BytesIO(path.read_bytes()))
        except (KeyError, ValueError, OSError):
            return [f"{library[0]} not before either"]
        raise RuntimeError(f"{library[0]} opens it no more: {err}") from err
    return ["library"]


def _pages(files: dict[str, bytes]) -> dict[str, int]:
    """How many pages LibreOffice makes of each file, by its stem; files it cannot open are missing."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        profile = Path(folder, "profile").as_uri()
        for name in files:
            command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf", "--outdir",
                       folder, str(Path(folder, name))]  # fmt: skip
            subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
        return {path.stem: len(pypdfium2.PdfDocument(path)) for path in Path(folder).glob("*.pdf")}


def _parts(path: Path, data: bytes) -> str:
    if not zipfile.is_zipfile(path):
        return "–"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(io.BytesIO(data)) as new:
        if old.namelist() != new.namelist():
            return "other parts"
        changed = sum(old.read(name) != new.read(name) for name in old.namelist())
        return f"{len(old.namelist()) - changed} of {len(old.namelist())}"


def swept() -> str:
    """The test files of the libraries themselves, odd ones on purpose, in a sentence."""
    sys.path.insert(0, str(ROOT / "tests"))
    from fakes.remaining import rewritten, unnamed

    files = whole = opened = refused = 0
    for package in SWEPT:
        with tempfile.TemporaryDirectory() as folder:
            fetched_file = package_file(package, Path(folder))
            shutil.unpack_archive(fetched_file, Path(folder, "x"), "gztar", filter="data")
            for path in sorted(path for path in Path(folder).rglob("*") if path.suffix.lstrip(".") in LIBRARIES):
                files += 1
                try:
                    data, _, left = rewritten(path.suffix.lstrip("."), str(path), path.read_bytes())
                except KnownError as err:
                    print(f"  {path.name}: {err.code}", file=sys.stderr)
                    refused += 1
                    continue
                places, _, _ = unnamed(path.suffix.lstrip("."), data, left)
                whole += not places
                opened += bool(_by_library(LIBRARIES[path.suffix.lstrip(".")], path, data))
    names = ", ".join(name.partition(":")[2].replace("==", " ") for name in SWEPT)
    return (
        f"The {files} test files of {names} as well: in {whole} every letter is in a unit or said, "
        f"{opened} are opened by the library as before, {refused} are refused with a reason."
    )


def _is_requested(sample: Sample, patterns: Sequence[str]) -> bool:
    if patterns:
        return any(fnmatch(sample.file_name, pattern) for pattern in patterns)
    return sample not in PDFS or sample.file_name in FEW_PDFS


def main(arguments: list[str]) -> int:
    """Measure the samples whose name fits a pattern (all without any)."""
    patterns = [argument for argument in arguments if not argument.startswith("--")]
    rows = [list(HEAD), ["---"] * len(HEAD)]
    for sample in SAMPLES:
        if not _is_requested(sample, patterns):
            continue
        try:
            row = measured(fetched(sample))
        except KnownError as err:
            row = [sample.file_name, err.code, *[""] * (len(HEAD) - 2)]
        except RuntimeError as err:
            row = [sample.file_name, str(err), *[""] * (len(HEAD) - 2)]
        if row:
            rows.append(row)
            print(" | ".join(row), file=sys.stderr, flush=True)
    text = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    if not patterns:
        text += f"\n\n{swept()}"
    print(text)
    if "--save" in arguments and not patterns:
        _save(text)
    return 0


def _save(text: str) -> None:
    path = ROOT / "docs" / "performance.md"
    old = path.read_text(encoding="utf-8")
    about = (__doc__ or "").split(":", 1)[1].split("\n", 1)[1].strip()
    section = f"{BEGIN}\n## Documents given back\n\n{about}\n\n{text}\n{END}\n"
    before, mark, rest = old.partition(BEGIN)
    kept = before + section + rest.partition(END + "\n")[2] if mark else old.rstrip("\n") + "\n\n" + section
    path.write_text(kept, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

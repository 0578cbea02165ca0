"""`slmdesk redact`: a copy of a document without names and numbers, to be given to others; and back by its key."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.types import Json
from slmdesk.command.console import Console, NamedFile, ReportedError, json_option
from slmdesk.command.output_files import check_file
from slmdesk.command.passphrases import passphrase
from slmdesk.command.reading import ask_password
from slmdesk.library.redacted.types import FoundWord, GivenOut, RedactionPreview, RedactionRequest, Remark
from slmdesk.library.redacted.words import label_of, removed_lines, unsure_lines
from slmdesk.redaction.service import listed_from_lines
from slmdesk.services import Services
from slmdesk.text.redaction.types import Kind, Listed

MOST_LIST_BYTES = 4 << 20


@click.command()
@click.argument("file", type=NamedFile(dir_okay=False))
@click.option("-o", "--output", type=NamedFile(dir_okay=False), help="The redacted copy.")
@click.option("--preview", is_flag=True, help="Show what would be removed, and write nothing.")
@click.option("--kinds", default="", help=f"Only these, with commas: {', '.join(Kind)}.")
@click.option("--list", "list_file", type=NamedFile(dir_okay=False), help="A text with names to remove, one a line.")
@click.option("--keep", multiple=True, metavar="WORDS", help="Found, but not to be removed. Can be repeated.")
@click.option("--bars/--substitutes", "bars", default=True, help="Black bars, or natural words instead (not in a PDF).")
@click.option("--key", type=NamedFile(dir_okay=False), help="With --substitutes: the file that leads back, encrypted.")
@click.option("--restore", is_flag=True, help="Put the originals back into FILE by its --key.")
@click.option("--passphrase-fd", type=click.IntRange(min=0), metavar="N", help="Read the key's passphrase there.")
@click.option("--resolution", type=click.IntRange(72, 300), default=150, show_default=True, help="Of a PDF's pages.")
@click.option("--text-layer", is_flag=True, help="Give a PDF's pages text that can be searched for and copied.")
@click.option("--password", is_flag=True, help="Ask for the password of a locked document first.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@json_option
@click.pass_obj
def redact(console: Console, /, **options: Any) -> None:
    """Write a copy of FILE without names, numbers and addresses, to be given to others.

    They are removed from all of the file: headers, comments, changes, properties, charts.  What cannot be looked into
    is taken out, or listed to be looked at by eye.  Not everything private is found: read the copy before it is given
    away.
    """
    wished = _Wishes(options)
    with console.services() as services:
        if wished.restore:
            _restore(console, services, wished)
            return
        preview = _preview(console, services, wished)
        chosen = wished.chosen(preview)
        if wished.preview:
            _show(console, preview, chosen)
            return
        assert wished.output is not None
        request = RedactionRequest(
            tuple((one.kind, one.words) for one in chosen), wished.output.absolute(), substitutes=not wished.bars,
            key=wished.key.absolute() if wished.key else None, resolution=wished.resolution,
            text_layer=wished.text_layer, password=wished.secret,
        )  # fmt: skip
        if not wished.yes:
            _confirm(console, preview, chosen)
        if wished.key:
            request = _with_passphrase(request, wished)
        made = console.result_of(
            services, lambda: services.redacted_copies.give_out(preview, request), _progress(console, "redacting")
        )
    _say(console, made, preview, wished)


class _Wishes:
    def __init__(self, options: Mapping[str, Any]) -> None:
        self.file: Path = options["file"]
        self.output: Path | None = options["output"]
        self.preview: bool = options["preview"]
        self.bars: bool = options["bars"]
        self.key: Path | None = options["key"]
        self.restore: bool = options["restore"]
        self.passphrase_fd: int | None = options["passphrase_fd"]
        self.resolution: int = options["resolution"]
        self.text_layer: bool = options["text_layer"]
        self.yes: bool = options["yes"]
        self.kinds = _kinds(options["kinds"])
        self._keep = frozenset(" ".join(one.split()).casefold() for one in options["keep"])
        self._check()
        self.listed = _listed(options["list_file"]) if options["list_file"] else ()
        self.secret = ask_password(self.file) if options["password"] else ""

    def _check(self) -> None:
        if self.output is None and not self.preview:
            raise click.UsageError("Name the copy with -o, or only look with --preview.")
        if self.restore and (self.preview or self.key is None):
            raise click.UsageError("--restore wants the --key, and no --preview.")
        if self.key is not None and self.bars and not self.restore:
            raise click.UsageError("--key goes with --substitutes: nothing leads back from bars.")
        if self.output is not None:
            check_file(self.output, replace=False)
            if self.output.suffix.lower() != self.file.suffix.lower():
                raise click.UsageError(f"The copy must end in {self.file.suffix}, as FILE does.")
        if self.key is not None and not self.restore:
            if self.file.suffix.lower() == ".pdf":
                raise click.UsageError("A PDF gets bars, and nothing leads back from them: there is no key.")
            check_file(self.key, replace=False)

    def chosen(self, preview: RedactionPreview) -> list[FoundWord]:
        return [
            one
            for one in (*preview.found, *preview.unseen)
            if one.is_chosen and one.words.casefold() not in self._keep and (not self.kinds or one.kind in self.kinds)
        ]


def _kinds(names: str) -> frozenset[Kind]:
    wanted = [one.strip().lower() for one in names.split(",") if one.strip()]
    unknown = [one for one in wanted if one not in set(Kind)]
    if unknown:
        raise click.UsageError(f"“{unknown[0]}” is no kind. These are: {', '.join(Kind)}.")
    return frozenset(Kind(one) for one in wanted)


def _listed(file: Path) -> tuple[Listed, ...]:
    try:
        with file.open("rb") as source:
            raw = source.read(MOST_LIST_BYTES + 1)
        text = raw.decode("utf-8-sig") if len(raw) <= MOST_LIST_BYTES else ""
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(file)) from err
    except (OSError, UnicodeDecodeError) as err:
        raise click.UsageError(f"{file.name} is no text in UTF-8.") from err
    if len(raw) > MOST_LIST_BYTES:
        raise click.UsageError(f"{file.name} is too long for a list of names: it may have {MOST_LIST_BYTES >> 20} MiB.")
    return listed_from_lines(text)


def _preview(console: Console, services: Services, wished: _Wishes) -> RedactionPreview:
    def looked(secret: str) -> RedactionPreview:
        return console.result_of(
            services,
            lambda: services.redacted_copies.preview(wished.file, password=secret, listed=wished.listed),
            _progress(console, f"looking through {wished.file.name}"),
        )

    try:
        return looked(wished.secret)
    except ReportedError as err:
        if err.code not in ("document.locked", "document.wrong_password") or not sys.stdin.isatty():
            raise
        wished.secret = ask_password(wished.file)
        return looked(wished.secret)


def _progress(console: Console, what: str) -> Any:
    return lambda report: console.progress(what, report.done, report.total) if report.unit == "page" else None


def _show(console: Console, preview: RedactionPreview, chosen: Sequence[FoundWord]) -> None:
    if console.as_json:
        console.give(
            {
                "path": str(preview.path), "format": preview.format,
                "found": [_found_shape(one, one in chosen) for one in preview.found],
                "removed": _remarks(preview.removed), "unsure": _remarks(preview.unsure),
            }
        )  # fmt: skip
        return
    for line in _lines_of(preview, chosen):
        console.say(line)


def _lines_of(preview: RedactionPreview, chosen: Sequence[FoundWord]) -> list[str]:
    lines: list[str] = []
    for kind in Kind:
        found = [one for one in preview.found if one.kind is kind]
        if not found:
            continue
        lines.append(f"{len(found):,} {label_of(kind, len(found))}")
        for one in found:
            mark = "x" if one in chosen else " "
            times = "author of the file" if one.is_author and not one.count else f"{one.count:,} ×"
            place = one.places[0] if one.places else None
            around = f"   …{place.before.lstrip()}[{place.words}]{place.after.rstrip()}…" if place else ""
            lines.append(f"  [{mark}] {one.words}  ({times}){around}")
    lines += [f"taken out: {one}" for one in removed_lines(preview.removed)]
    lines += [f"look at it yourself: {one}" for one in unsure_lines(preview.unsure)]
    return lines or ["Nothing private was found."]


def _confirm(console: Console, preview: RedactionPreview, chosen: Sequence[FoundWord]) -> None:
    """Show what is removed and ask.  Raises click.Abort, click.UsageError without a terminal."""
    if console.as_json or not sys.stdin.isatty():
        raise click.UsageError("Look first with --preview; then --yes writes the copy without asking.")
    for line in _lines_of(preview, chosen):
        console.notify(line)
    if not click.confirm("Write the copy without what is marked?", err=True):
        raise click.Abort


def _with_passphrase(request: RedactionRequest, wished: _Wishes) -> RedactionRequest:
    from slmdesk.base.record import changed

    words = passphrase("Passphrase of the key", wished.passphrase_fd, twice=wished.passphrase_fd is None)
    return changed(request, passphrase=words)


def _restore(console: Console, services: Services, wished: _Wishes) -> None:
    assert wished.key is not None
    assert wished.output is not None
    key, target = wished.key.absolute(), wished.output.absolute()
    words = passphrase("Passphrase of the key", wished.passphrase_fd)
    made = console.result_of(
        services,
        lambda: services.redacted_copies.restore(wished.file, key, words, target, password=wished.secret),
        _progress(console, "putting back"),
    )
    count = sum(count for _, count in made.replaced)
    if console.as_json:
        console.give({"output": str(made.target), "bytes": made.bytes, "sha256": made.sha256, "put_back": count})
    else:
        console.say(f"{wished.output}  {count:,} put back")


def _say(console: Console, made: GivenOut, preview: RedactionPreview, wished: _Wishes) -> None:
    if console.as_json:
        console.give(
            {
                "output": str(made.target), "bytes": made.bytes, "sha256": made.sha256,
                "replaced": [{"kind": kind, "count": count} for kind, count in made.replaced],
                "removed": _remarks(made.removed), "unsure": _remarks(made.unsure),
                "key": str(made.key) if made.key else None,
            }
        )  # fmt: skip
        return
    counts = Counter(dict(made.replaced))
    said = ", ".join(f"{count:,} {label_of(kind, count)}" for kind, count in counts.items() if count) or "nothing"
    console.say(f"{wished.output}  replaced: {said}")
    for line in removed_lines(made.removed):
        console.notify(f"taken out: {line}")
    for line in unsure_lines(made.unsure):
        console.notify(f"look at it yourself: {line}")
    if preview.format == "pdf" and not wished.bars:
        console.notify("note: a PDF gets black bars, since its words have fixed places.")
    console.notify("note: not everything private is found by itself. Read the copy before you give it away.")


def _found_shape(one: FoundWord, is_chosen: bool) -> Json:
    return {
        "kind": one.kind, "words": one.words, "count": one.count, "certainty": one.certainty, "author": one.is_author,
        "chosen": is_chosen,
        "places": [{"place": p.place, "before": p.before, "words": p.words, "after": p.after} for p in one.places],
    }  # fmt: skip


def _remarks(some: Sequence[Remark]) -> list[Json]:
    return [{"kind": one.kind, "place": one.place} for one in some]

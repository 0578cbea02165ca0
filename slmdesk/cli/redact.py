"""The command `slmdesk redact`: looks through a document, shows what it found, and
writes a copy without it. It makes no item: nothing of the document is stored.
"""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from slmdesk.base.documents import PageBox, has_page_pictures
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Progress, picked
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.cli.clipboard import clipboard_text, copy_to_clipboard
from slmdesk.cli.console import Console, NamedFile, answer, json_option, refuse
from slmdesk.cli.opening import named_model, passphrase, stdin_bytes
from slmdesk.cli.output import check_file
from slmdesk.cli.reading import ask_password, with_password
from slmdesk.cli.terminal import one_line
from slmdesk.documents.finds import FoundWord, RedactionPreview, counted_by_hand
from slmdesk.documents.redacted import Asked, GivenOut, RedactionRequest, check_boxes
from slmdesk.documents.stand_ins import Nameless
from slmdesk.redact import Kind, Listed
from slmdesk.redact.names import listed_from_lines
from slmdesk.services import Services
from slmdesk.tasks.redact import (
    NO_MODEL,
    RECOGNISED,
    key_words,
    nameless_report,
    notes_of,
    remark_lines,
    replaced_words,
    report_of,
)
from slmdesk.tasks.report import Report

MOST_LIST_BYTES = 4 << 20
BOX = re.compile(r"(\d{1,6}):" + ",".join([r"(-?\d{1,3}(?:\.\d{1,6})?)"] * 4))
TICKS = {True: "x", False: " "}
FILE = NamedFile(dir_okay=False)

CLIPBOARD = "clipboard"
MOST_TEXT_BYTES = 8 << 20
NO_FILE_HERE = "--clipboard stands alone: no FILE and no -o go with it."
NO_OUTPUT = "Name the copy with -o, or only look with --preview."
NO_MODEL_HERE = "--model goes neither with --no-model nor with --restore."
RESTORE = "--restore wants the --key, and no --preview."
KEY_OF_BARS = "--key goes with --substitutes: nothing leads back from bars."
NO_KEY = (
    "PDFs and pictures get bars, and nothing leads back from them: there is no key."
)
NO_BOX = (
    "“{words}” is no box. Write PAGE:X,Y,W,H in per cent of the page: 2:10,80,30,8."
)
LOOK_FIRST = "Look first with --preview; then --yes writes the copy without asking."
READ_IT = (
    "note: not everything private is found by itself. Read the copy before you give "
    "it away."
)
ONLY_BARS = (
    "note: PDFs and pictures get black bars, since their words have fixed places."
)


def box_from(words: str) -> PageBox:
    """Read a box in per cent of its page. Raises click.UsageError."""
    match = BOX.fullmatch(words.replace(" ", ""))
    if match is None:
        raise click.UsageError(NO_BOX.format(words=words))
    shares = [float(part) / 100 for part in match.groups()[1:]]
    left, top, width, height = shares
    right, bottom = round(left + width, 8), round(top + height, 8)
    return PageBox(int(match[1]), left, top, right, bottom)


def kinds_from(names: str) -> frozenset[Kind]:
    """Read kinds of finds, with commas between them. None: all of them."""
    wanted = [name.strip().lower() for name in names.split(",") if name.strip()]
    for name in wanted:
        known = ", ".join(Kind)
        refuse(name not in set(Kind), f"“{name}” is no kind. These are: {known}.")
    return frozenset(map(Kind, wanted or Kind))


def listed_in(file: Path | None) -> tuple[Listed, ...]:
    """Read a person's list of names. Raises KnownError, click.UsageError."""
    if file is None:
        return ()
    try:
        with file.open("rb") as source:
            raw = source.read(MOST_LIST_BYTES + 1)
        most = f"it may have {MOST_LIST_BYTES >> 20} MiB."
        too_long = f"{file.name} is too long for a list of names: {most}"
        refuse(len(raw) > MOST_LIST_BYTES, too_long)
        text = raw.decode("utf-8-sig")
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(file)) from err
    except (OSError, UnicodeDecodeError) as err:
        raise click.UsageError(f"{file.name} is no text in UTF-8.") from err
    return listed_from_lines(text)


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("-o", "--output", type=FILE, help="The redacted copy.")
@click.option(
    "--clipboard",
    is_flag=True,
    help="Of the text on standard input or on the clipboard: natural words stand for "
    "names. With --restore, put the names back.",
)
@click.option(
    "--preview",
    is_flag=True,
    help="Show what would be removed, and write nothing.",
)
@click.option(
    "--kinds",
    default="",
    help=f"Only these, with commas: {', '.join(Kind)}.",
)
@click.option(
    "--list",
    "list_file",
    type=FILE,
    help="A text with names to remove, one a line.",
)
@click.option(
    "-m",
    "--model",
    help="Model that is asked too: id, or the beginning of one, or name.",
)
@click.option(
    "--no-model",
    is_flag=True,
    help="Ask no model: rules and the small finder alone.",
)
@click.option(
    "--keep",
    multiple=True,
    metavar="WORDS",
    help="Found, but not to be removed. Can be repeated.",
)
@click.option(
    "--bars/--substitutes",
    "bars",
    default=True,
    help="Black bars, or natural words instead (not in a PDF).",
)
@click.option(
    "--key",
    type=FILE,
    help="With --substitutes: the file that leads back, encrypted.",
)
@click.option(
    "--restore",
    is_flag=True,
    help="Put the originals back into FILE by its --key.",
)
@click.option(
    "--passphrase-fd",
    type=click.IntRange(min=0),
    metavar="N",
    help="Read the key's passphrase there.",
)
@click.option(
    "--resolution",
    type=click.IntRange(72, 300),
    metavar="N",
    default=150,
    show_default=True,
    help="Of a PDF's pages.",
)
@click.option(
    "--text-layer",
    is_flag=True,
    help="Give a PDF's pages text that can be searched for and copied.",
)
@click.option(
    "--box",
    "boxes",
    multiple=True,
    metavar="PAGE:X,Y,W,H",
    help="Make this black too, in per cent of the page. Can be repeated.",
)
@click.option(
    "--picture",
    "pictures",
    multiple=True,
    metavar="PLACE",
    help="Make this picture inside a document black; --preview lists them. Can be "
    "repeated.",
)
@click.option(
    "--password",
    is_flag=True,
    help="Ask for the password of a locked document first.",
)
@click.option("--yes", is_flag=True, help="Write without asking.")
@json_option
@click.pass_obj
def redact(console: Console, /, **options: Any) -> None:
    """Write a copy of FILE without names, numbers and addresses, to be given to others.

    What cannot be looked into is taken out, or listed to be looked at by eye. Not
    everything private is found: read the copy before you give it away.
    """
    if options["clipboard"]:
        NamelessText(console, options).run()
        return
    refuse(options["file"] is None, "Name a FILE, or copy a text and use --clipboard.")
    Redacting(console, options).run()


def chosen_of(
    preview: RedactionPreview, options: Mapping[str, Any]
) -> RedactionPreview:
    """Return what was found with the choice of the options."""
    kinds = kinds_from(options["kinds"])
    kept = {" ".join(words.split()).casefold() for words in options["keep"]}

    def chosen(word: FoundWord) -> FoundWord:
        is_asked = word.kind in kinds and word.words.casefold() not in kept
        return changed(word, is_chosen=word.is_chosen and is_asked)

    found = tuple(map(chosen, preview.found))
    unseen = tuple(map(chosen, preview.unseen))
    return changed(preview, found=found, unseen=unseen)


class NamelessText:
    """One run of the command on a text that goes to a cloud, or comes from there."""

    def __init__(self, console: Console, options: Mapping[str, Any]) -> None:
        """Read the text. Raises click.UsageError, KnownError `clipboard.none`,
        `writing.empty`.
        """
        refuse(options["file"] or options["output"], NO_FILE_HERE)
        self._console = console
        self._options = options
        self._piped = ""
        if not sys.stdin.isatty():
            self._piped = stdin_bytes(MOST_TEXT_BYTES).decode("utf-8", "replace")
        self._text = self._piped or clipboard_text()
        if not self._text.strip():
            raise KnownError("writing.empty")

    def run(self) -> None:
        with self._console.services() as services:
            if self._options["restore"]:
                self._put_back(services)
            else:
                self._copy(services)

    def _copy(self, services: Services) -> None:
        console = self._console
        listed = listed_in(self._options["list_file"])
        preview = console.result_of(
            services,
            lambda: services.stand_ins.look(self._text, CLIPBOARD, listed=listed),
        )
        preview = chosen_of(preview, self._options)
        draw = secrets.token_hex(8)
        made: Nameless = console.result_of(
            services, lambda: services.stand_ins.replace(preview, draw)
        )
        for line in _find_lines(nameless_report(preview, made.table)):
            console.notify(line)
        if self._options["preview"]:
            console.say(made.text)
            return
        if not (self._options["yes"] or self._piped or console.as_json):
            click.confirm("Copy the text without what is marked?", err=True, abort=True)
        key = services.call.stand_ins.keep(preview, made)
        console.notify(f"key {key.id}. {RECOGNISED}")
        replaced = [
            {"kind": entry.kind, "words": words, "stand_in": stand_in}
            for entry in made.table
            for words, stand_in in entry.pairs
        ]
        self._give(
            made.text, {"key": key.id, "count": made.count, "replaced": replaced}
        )

    def _put_back(self, services: Services) -> None:
        id = str(self._options["key"] or "")
        returned = self._console.result_of(
            services, lambda: services.stand_ins.put_back(self._text, id)
        )
        self._console.notify(f"key {returned.key.id}: {key_words(returned.key)}")
        for note in notes_of(returned):
            self._console.notify(note)
        made = returned.made
        told = picked(made, "missing", "new", "left")
        count = len(made.back)
        self._give(made.text, {"key": returned.key.id, "count": count, **told})

    def _give(self, text: str, shape: Mapping[str, Json]) -> None:
        """Give the text where it came from."""
        if self._console.as_json:
            self._console.give({"text": text, **shape})
        elif self._piped:
            click.echo(text, nl=False)
        else:
            copy_to_clipboard(text)


class Redacting:
    """One run of the command."""

    def __init__(self, console: Console, options: Mapping[str, Any]) -> None:
        """Read the options. Raises click.UsageError, KnownError `file.…`."""
        self._console = console
        self._options = options
        self._file: Path = options["file"]
        self._output: Path | None = options["output"]
        self._key: Path | None = options["key"]
        self._bars: bool = options["bars"]
        self._restores: bool = options["restore"]
        self._boxes = tuple(map(box_from, options["boxes"]))
        kinds_from(options["kinds"])  # refuses what is no kind
        self._check()
        self._listed = listed_in(options["list_file"])
        self._secret = ""
        if options["password"]:
            self._secret = ask_password(self._file)

    def _check(self) -> None:
        has_preview = self._options["preview"]
        is_without = self._options["no_model"] or self._restores
        refuse(not (self._output or has_preview), NO_OUTPUT)
        refuse(self._options["model"] is not None and is_without, NO_MODEL_HERE)
        refuse(self._restores and (has_preview or not self._key), RESTORE)
        if self._output is not None:
            check_file(self._output, replace=False)
            suffix = self._file.suffix
            is_other = self._output.suffix.lower() != suffix.lower()
            refuse(is_other, f"The copy must end in {suffix}, as FILE does.")
        if self._key is not None and not self._restores:
            refuse(self._bars, KEY_OF_BARS)
            refuse(has_page_pictures(self._file), NO_KEY)
            check_file(self._key, replace=False)

    def run(self) -> None:
        with self._console.services() as services:
            if self._restores:
                self._put_back(services)
            else:
                self._look(services)

    # ---- look, and write

    def _look(self, services: Services) -> None:
        model = self._options["model"]
        named_model(services, model)
        record = None
        if not self._options["no_model"]:
            record = services.call.redaction.model_for(model)
        preview = self._asked(services, self._preview(services), record)
        preview = chosen_of(preview, self._options)
        check_boxes(preview, self._boxes)
        pictures = tuple(self._pictures(preview))
        if self._options["preview"]:
            self._show(preview)
        else:
            self._write(services, preview, pictures)

    def _preview(self, services: Services) -> RedactionPreview:
        def looked(secret: str) -> RedactionPreview:
            self._secret = secret
            return self._console.result_of(
                services,
                lambda: services.redaction.preview(
                    self._file, password=secret, listed=self._listed
                ),
                self._progress(f"looking through {self._file.name}"),
            )

        return with_password(self._file, self._secret, looked)

    def _asked(
        self,
        services: Services,
        preview: RedactionPreview,
        record: ModelRecord | None,
    ) -> RedactionPreview:
        if record is None:
            self._console.notify(f"note: {_(NO_MODEL)}")
            return preview

        def told(report: object) -> None:
            if isinstance(report, Asked):  # and not what the engine tells of one page
                words = f"asking {record.name}"
                self._console.progress(words, report.done, report.total)

        return self._console.result_of(
            services, lambda: services.redaction.ask(preview, record), told
        )

    def _pictures(self, preview: RedactionPreview) -> Iterator[str]:
        """Yield the digests of the chosen pictures.

        Raises KnownError `redaction.no_picture`.
        """
        known = {picture.place: picture.digest for picture in preview.pictures}
        for place in dict.fromkeys(self._options["pictures"]):
            if place not in known:
                name = preview.path.name
                raise KnownError("redaction.no_picture", path=name, picture=place)
            yield known[place]

    def _write(
        self,
        services: Services,
        preview: RedactionPreview,
        pictures: tuple[str, ...],
    ) -> None:
        assert self._output is not None  # see `_check`
        request = RedactionRequest(
            preview.chosen,
            self._output.absolute(),
            substitutes=not self._bars,
            resolution=self._options["resolution"],
            text_layer=self._options["text_layer"],
            password=self._secret,
            boxes=self._boxes,
            pictures=pictures,
        )
        if not self._options["yes"]:
            self._confirm(preview, len(pictures))
        if self._key is not None:
            fd = self._options["passphrase_fd"]
            words = passphrase("Passphrase of the key", fd, twice=fd is None)
            request = changed(request, key=self._key.absolute(), passphrase=words)
        made = self._console.result_of(
            services,
            lambda: services.redaction.give_out(preview, request),
            self._progress("redacting"),
        )
        self._say(made)

    def _progress(self, what: str) -> Callable[[object], object]:
        def told(report: object) -> None:
            if isinstance(report, Progress) and report.unit == "page":
                self._console.progress(what, report.done, report.total)

        return told

    # ---- say

    def _show(self, preview: RedactionPreview) -> None:
        pages = [
            {"page": number, "width": width, "height": height}
            for number, (width, height) in enumerate(preview.pages, 1)
        ]
        pictures = [
            picked(each, "place", "width", "height") for each in preview.pictures
        ]
        shape: Json = {
            "path": str(preview.path),
            "format": preview.format,
            "found": list(map(_found_shape, preview.found)),
            "pages": pages,
            "pictures": pictures,
            **_remarks(preview),
        }
        answer(self._console, shape, *map(one_line, _lines_of(preview)))

    def _confirm(self, preview: RedactionPreview, pictures: int) -> None:
        """Show what will be removed and ask whether to go on.

        Raises click.Abort; without a terminal click.UsageError.
        """
        cannot_ask = self._console.as_json or not sys.stdin.isatty()
        refuse(cannot_ask, LOOK_FIRST)
        by_hand = counted_by_hand(len(self._boxes), pictures)
        for line in (*_lines_of(preview), *by_hand):
            self._console.notify(line)
        words = "Write the copy without what is marked?"
        click.confirm(words, err=True, abort=True)

    def _say(self, made: GivenOut) -> None:
        console = self._console
        if console.as_json:
            replaced: list[Json] = [
                {"kind": kind, "count": count} for kind, count in made.replaced
            ]
            key: Json = None
            if made.key is not None:
                key = str(made.key)
            counts = picked(made, "boxes", "pictures")
            shape = {**_file_shape(made), "replaced": replaced, **counts}
            console.give({**shape, **_remarks(made), "key": key})
            return
        words = replaced_words(made.replaced, made.boxes, made.pictures)
        console.say(f"{self._output}  replaced: {words}")
        for line in remark_lines(made.removed, made.unsure):
            console.notify(line)
        if has_page_pictures(self._file) and not self._bars:
            console.notify(ONLY_BARS)
        console.notify(READ_IT)

    # ---- put back

    def _put_back(self, services: Services) -> None:
        assert self._key is not None  # see `_check`
        assert self._output is not None
        key, target = self._key.absolute(), self._output.absolute()
        words = passphrase("Passphrase of the key", self._options["passphrase_fd"])
        made = self._console.result_of(
            services,
            lambda: services.redaction.restore(
                self._file, key, words, target, password=self._secret
            ),
            self._progress("putting back"),
        )
        count = sum(dict(made.replaced).values())
        shape = {**_file_shape(made), "put_back": count}
        answer(self._console, shape, f"{self._output}  {count:,} put back")


def _lines_of(preview: RedactionPreview) -> list[str]:
    """Return what was found, line by line, and what else there is to know."""
    report = report_of(preview)
    lines = [*_find_lines(report)]
    for each in preview.pictures:
        lines.append(f"picture: {each.place}  ({each.width} × {each.height})")
    lines += report.notes
    return lines or ["Nothing private was found."]


def _find_lines(report: Report) -> Iterator[str]:
    for section in report.sections:
        yield section.title
        for find in section.statements:
            about = " ".join(find.notes)
            yield f"  [{TICKS[find.is_approved]}] {find.text}  {about}"


def _found_shape(word: FoundWord) -> Json:
    return {
        **picked(word, "kind", "words", "count", "certainty"),
        "author": word.is_author,
        "by": [*word.by],
        "chosen": word.is_chosen,
        "places": [*map(to_json, word.places)],
    }


def _file_shape(made: GivenOut) -> dict[str, Json]:
    return {"output": str(made.target), **picked(made, "bytes", "sha256")}


def _remarks(of: RedactionPreview | GivenOut) -> dict[str, Json]:
    removed = [*map(to_json, of.removed)]
    return {"removed": removed, "unsure": [*map(to_json, of.unsure)]}

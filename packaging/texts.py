"""The catalogues of the window's texts: take in new messages, drop old ones, compile. `make texts` runs this.

`--check` writes nothing and exits with 1 where a catalogue is not what this would write, or lacks a translation.
"""

from __future__ import annotations

import ast
import io
import sys
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "slmdesk"
MARKS = {"_": 1, "N_": 1, "ngettext": 2}
"""Functions that texts pass, and how many of their arguments are texts."""
PRESETS = {
    "chat/presets.toml": ("name", "words"),
    "models/hub/catalogue.toml": ("good_for", "weakness", "words"),
    "children/formats/einvoices.toml": ("name",),
    "models/gguf/families.toml": ("words",),
    "tasks/tables/labels.toml": ("name", "meaning"),
    "tasks/tables/presets.toml": ("name", "meaning"),
}
"""Files of presets and models, and the fields in their tables, and in tables inside these, that people read."""
INNER = ("measured", "column", "label", "field")


def messages() -> Catalog:
    """All messages of the code, without their places: a moved line changes no catalogue.

    Babel's own extractor passes over calls inside f-strings before Python 3.12.
    """
    catalogue = Catalog(project="slmdesk", charset="utf-8")
    for file in sorted(PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MARKS:
                given = call.args[: MARKS[call.func.id]]
                words = [str(node.value) for node in given if isinstance(node, ast.Constant)]
                if words and words[0]:
                    catalogue.add(words if len(words) > 1 else words[0])
    for name, texts in PRESETS.items():
        presets = chain.from_iterable(tomllib.loads((PACKAGE / name).read_text("utf-8")).values())
        for preset in (preset for preset in presets if isinstance(preset, dict)):  # word lists are no presets
            for table in (preset, *chain.from_iterable(preset.get(inner, ()) for inner in INNER)):
                for text in texts:
                    if text in table:
                        catalogue.add(table[text])
    return catalogue


def updated(file: Path, template: Catalog) -> Catalog:
    """The catalogue of a file, with the messages of the template and no others."""
    with file.open("rb") as opened:
        catalogue = read_po(opened, locale=file.parent.parent.name, ignore_obsolete=True)
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.creation_date = catalogue.revision_date  # a new run changes no file
    return catalogue


def po_bytes(catalogue: Catalog) -> bytes:
    """The file that people edit, sorted by message."""
    out = io.BytesIO()
    write_po(out, catalogue, width=0, no_location=True, omit_header=False, sort_output=True, ignore_obsolete=True)
    return out.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """The file that the program reads."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def fields(text: str) -> list[str]:
    """The names in braces."""
    return sorted(f"{name}" for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None)


def faults(catalogue: Catalog) -> Iterator[str]:
    """Messages without a translation, or whose translation has other fields."""
    for message in catalogue:
        if message.id:
            yield from faults_of(message)


def faults_of(message: Message) -> Iterator[str]:
    """What is wrong with one message."""
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    words = message.string if isinstance(message.string, tuple | list) else (message.string,)
    if not all(words):
        yield f"not translated: {ids[0]}"
    elif any(fields(own) != fields(word) for own, word in zip(ids, words, strict=True)):
        yield f"other fields: {ids[0]}"


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    template, wrong = messages(), []
    for file in sorted(PACKAGE.glob("locale/*/LC_MESSAGES/slmdesk.po")):
        catalogue = updated(file, template)
        wrong += [f"{file.parent.parent.name}: {fault}" for fault in faults(catalogue)]
        for path, content in ((file, po_bytes(catalogue)), (file.with_suffix(".mo"), mo_bytes(catalogue))):
            if "--check" not in arguments:
                path.write_bytes(content)
            elif not path.exists() or path.read_bytes() != content:
                wrong.append(f"{path.relative_to(ROOT)} is not up to date: run `make texts`")
    print("\n".join(wrong) or "all texts are translated")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

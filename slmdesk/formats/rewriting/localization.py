"""Translates PO files (gettext) and XLIFF 1.2 and 2.0 files, which hold texts of programs, with their plural forms."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.formats.office_xml import attribute, child, local, parse
from slmdesk.formats.rewriting.office_parts import Group, Inline, InlineObject, Node, Words, translated, written
from slmdesk.formats.rewriting.rewriters import LeftAsIs, Rewriting, Unit, Units, said
from slmdesk.formats.rewriting.text_files import TextFile

if TYPE_CHECKING:
    from polib import POEntry

WRAPPED = 81
"""Most characters of a line in a wrapped catalogue. A catalogue with longer lines is not wrapped when written."""
_PAIRS = frozenset(("g", "mrk", "pc", "it", "hi", "sub"))


def rewrite_po(rewriting: Rewriting) -> Units:
    """Yield the units of a PO file: its entries without a translation. Each plural form is a unit of its own."""
    import polib

    file = TextFile(rewriting)
    try:
        wrapwidth = 0 if any(len(line) > WRAPPED for line in file.text.splitlines()) else 78
        catalogue = polib.pofile(file.text, wrapwidth=wrapwidth)
    except (OSError, ValueError, UnicodeError) as err:
        raise KnownError("document.damaged", path=rewriting.reading.path, reason=_("it is no PO file")) from err
    header = _header(catalogue.metadata, rewriting.options.language)
    done = is_changed = 0
    for number, entry in enumerate(catalogue, start=1):
        rewriting.reading.check()
        if entry.obsolete or not any(letter.isalpha() for letter in entry.msgid):
            continue
        if entry.translated():
            done += 1
            continue
        place = f"entry {number}" + (f", {entry.msgctxt}" if entry.msgctxt else "")
        is_changed += yield from _entry(rewriting, entry, header, place)
    if done:
        yield LeftAsIs("done", "", f"{done} texts of the catalogue")
    if is_changed:
        if not is_rule(catalogue.metadata.get("Plural-Forms", "")) and rewriting.options.language:
            catalogue.metadata["Plural-Forms"] = header
        if rewriting.options.language:
            catalogue.metadata["Language"] = rewriting.options.language
        file.put(0, len(file.text), _as_it_was(str(catalogue), file.text))
    file.close()


def _as_it_was(made: str, old: str) -> str:
    """Give the new catalogue the old file's first line, end and kind of line ends, which polib does not keep."""
    made = made.removeprefix("#\n") if not old.startswith("#") else made
    made = made.rstrip("\n") + old[len(old.rstrip("\r\n")) :].replace("\r\n", "\n")
    return made.replace("\n", "\r\n") if "\r\n" in old else made


def _header(metadata: Mapping[str, str], language: str) -> str:
    reported = metadata.get("Plural-Forms", "")
    return reported if is_rule(reported) else header_for(language)


def _entry(rewriting: Rewriting, entry: POEntry, header: str, place: str) -> Units:
    """Yield the units of an entry. The generator returns whether the entry has a translation now."""
    if not entry.msgid_plural:
        answer = yield from _message(entry.msgid, place)
        if answer is None:
            return False
        entry.msgstr = answer
    else:
        forms = forms_of(entry.msgid, entry.msgid_plural, header)
        kept: list[str | None] = []
        for index, form in enumerate(forms):
            answer = yield from _message(form.text, f"{place}, plural form {index + 1} of {len(forms)}")
            kept.append(None if answer is None else form.written(answer))
            if answer is not None and kept[-1] is None:
                rewriting.refuse()
        if all(text is None for text in kept):
            return False
        entry.msgstr_plural = dict(enumerate(text or "" for text in kept))
    if "fuzzy" not in entry.flags:
        entry.flags.append("fuzzy")
    return True


def _message(text: str, place: str) -> Units:
    """Yield a message's unit. The generator returns the translation with the line ends around the message, or None."""
    words = text.strip("\n")
    lead, trail = text[: len(text) - len(text.lstrip("\n"))], text[len(text.rstrip("\n")) :]
    if not words.strip():
        return None
    answer = yield Unit(words, kind="paragraph", place=place)
    return None if answer is None else lead + answer + trail


# ---- XLIFF


def rewrite_xliff(rewriting: Rewriting) -> Units:
    """Yield the units of an XLIFF file that have no target text or only an unreviewed one."""
    reading = rewriting.reading
    untrusted = reading.text_bytes()
    root = parse(untrusted, reading.path, whole=True)
    if local(root) != "xliff":
        raise KnownError("document.damaged", path=reading.path, reason=_("it is no XLIFF file"))
    changed: list[bool] = []
    done = 0
    holders = [element for element in root.iter() if local(element) in ("trans-unit", "segment")]
    for number, holder in enumerate(holders, start=1):
        reading.check()
        source, target = child(holder, "source"), child(holder, "target")
        unit = holder if local(holder) == "trans-unit" else holder.getparent()
        if source is None or unit is None:
            continue
        place = attribute(unit, "id") or f"unit {number}"
        if "no" in (attribute(ancestor, "translate") for ancestor in (unit, *unit.iterancestors())):
            yield from said("not_wanted", place, "".join(source.itertext()))
            continue
        has_target = target is not None and "".join(target.itertext()).strip()
        if attribute(unit, "approved") == "yes" or (has_target and not _is_open(target, holder)):  # type: ignore[arg-type]
            done += 1
            continue
        nodes = list(_nodes(source))

        def rebuild(found: Sequence[Node], holder: etree._Element = holder, source: etree._Element = source) -> None:
            _put(holder, source, found)
            changed.append(True)

        yield from translated([(Inline(nodes), nodes)], kind="paragraph", place=place, rebuild=rebuild)
    if done:
        yield LeftAsIs("done", "", f"{done} texts of the file")
    if changed and rewriting.options.language:
        _name_language(root, rewriting.options.language)
    rewriting.data = written(root) if changed else untrusted


def _name_language(root: etree._Element, language: str) -> None:
    if attribute(root, "version").startswith("2"):
        root.set("trgLang", language)
        return
    for element in root.iter("{*}file"):
        element.set("target-language", language)


def _is_open(target: etree._Element, holder: etree._Element) -> bool:
    state = attribute(target, "state") or attribute(holder, "state")
    return state in ("new", "initial", "needs-translation")


def _nodes(container: etree._Element) -> Iterator[Node]:
    if container.text:
        yield Words(container.text)
    for element in container:
        if local(element) in _PAIRS:
            children = list(_nodes(element))
            has_words = any(isinstance(node, Words) and node.text.strip() for node in children)
            yield Group(element, children) if has_words else InlineObject([element])
        else:
            yield InlineObject([element])
        if element.tail:
            yield Words(element.tail)


def _put(holder: etree._Element, source: etree._Element, found: Sequence[Node]) -> None:
    space = etree.QName(source).namespace
    name = f"{{{space}}}target" if space else "target"
    target = child(holder, "target")
    if target is None:
        target = etree.Element(name)
        target.tail = source.tail
        source.addnext(target)
    for element in list(target):
        target.remove(element)
    target.text = None
    _fill(target, found)
    if local(holder) == "segment":
        holder.set("state", "translated")
    else:
        target.set("state", "needs-review-translation")


def _fill(element: etree._Element, found: Sequence[Node]) -> None:
    for node in found:
        if isinstance(node, Words):
            if len(element):
                element[-1].tail = (element[-1].tail or "") + node.text
            else:
                element.text = (element.text or "") + node.text
        elif isinstance(node, InlineObject):
            for still in node.elements:
                element.append(_copied(still, with_inside=True))
        elif isinstance(node, Group):
            inner = _copied(node.element, with_inside=False)
            element.append(inner)
            _fill(inner, node.children)


def _copied(element: etree._Element, *, with_inside: bool) -> etree._Element:
    copied = etree.Element(element.tag, attrib=dict(element.attrib), nsmap=element.nsmap)
    if with_inside:
        copied.text = element.text
        for other_element in element:
            inner = _copied(other_element, with_inside=True)
            inner.tail = other_element.tail
            copied.append(inner)
    return copied


# ---- plural forms in texts of programs
#
# Knows how many plural forms a language has, and an example number for each. Rules from the manual of GNU gettext,
# "Additional functions for plural forms". A model cannot translate "form 2 of 3", but it can translate "5 files", from
# which the number is removed again.


MOST_FORMS = 6
_SEARCHED = 200
_HEADER = re.compile(r"nplurals\s*=\s*([1-9])\s*;\s*plural\s*=\s*([^;]+)")
_NUMBER = re.compile(r"%(?:\d+\$)?(?:l{0,2}|z|j)[diu](?![A-Za-z])|%\([A-Za-z_]\w*\)[di]|\{(?:\d|n|num|count|number)\}")
_SLAVIC = "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2"
_RULES = {
    "nplurals=1; plural=0;": "id ja ko th vi zh",
    "nplurals=2; plural=(n > 1);": "fa fr",
    f"nplurals=3; plural=({_SLAVIC});": "hr ru sr uk",
    "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);": "pl",
    "nplurals=3; plural=(n==1 ? 0 : n>=2 && n<=4 ? 1 : 2);": "cs sk",
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && (n%100<10 || n%100>=20) ? 1 : 2);": "lt",
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2);": "lv",
    "nplurals=3; plural=(n==1 ? 0 : n==0 || (n%100>0 && n%100<20) ? 1 : 2);": "ro",
    "nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3);": "sl",
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);": "ar",
}
_USUAL = "nplurals=2; plural=(n != 1);"


def header_for(language: str) -> str:
    return next((header for header, languages in _RULES.items() if language in languages.split()), _USUAL)


class PluralForm(Record):
    text: str
    """The source text with an example number of this form instead of the placeholder."""
    source: str
    placeholder: str = ""
    number: str = ""

    def written(self, answer: str) -> str | None:
        """Return the answer with the placeholder in place of the example number, or None unless it occurs just once."""
        if not self.placeholder:
            return answer
        found = re.findall(rf"(?<!\d){self.number}(?!\d)", answer)
        return re.sub(rf"(?<!\d){self.number}(?!\d)", lambda __: self.placeholder, answer) if len(found) == 1 else None


def forms_of(singular: str, plural: str, header: str) -> list[PluralForm]:
    """Return the plural forms a catalogue requires, in order. If its header cannot be read, return those of English."""
    count, rule = _rule(header)
    found = []
    for form in range(count):
        numbers = [n for n in range(_SEARCHED) if rule(n) == form]
        if 1 in numbers:
            found.append(PluralForm(singular, singular))
            continue
        number = next((n for n in numbers if n > 1), numbers[0] if numbers else 2)
        places = _NUMBER.findall(plural)
        if len(places) == 1:
            text = plural.replace(places[0], str(number))
            found.append(PluralForm(text, plural, places[0], str(number)))
        else:
            found.append(PluralForm(plural, plural))
    return found


def is_rule(header: str) -> bool:
    found = _HEADER.search(header)
    return found is not None and _parsed(found[2]) is not None


def _rule(header: str) -> tuple[int, Callable[[int], int]]:
    found = _HEADER.search(header)
    rule = _parsed(found[2]) if found else None
    if found is None or rule is None:
        return 2, lambda n: int(n != 1)
    return min(MOST_FORMS, int(found[1])), rule


def _parsed(untrusted: str) -> Callable[[int], int] | None:
    """Return a plural rule as a function, or None if the rule is invalid. The library's parser accepts only operators
    and numbers (gettext.c2py).
    """
    try:
        rule: Callable[[int], int] = gettext.c2py(untrusted.strip())
        rule(0), rule(1)
    except (ValueError, ArithmeticError, RecursionError):
        return None

    def safe(n: int) -> int:
        try:
            return int(rule(n))
        except ArithmeticError:
            return 0

    return safe

"""Language and reading direction of text, as Office files declare them."""

from __future__ import annotations

from lxml import etree

from slmdesk.base.record import Record
from slmdesk.formats.ooxml import is_on
from slmdesk.formats.rewriting.base import Options
from slmdesk.formats.xmls import child, local

_REGIONS = (
    "ar-SA bg-BG bn-IN ca-ES cs-CZ da-DK de-DE el-GR en-US es-ES et-EE fa-IR fi-FI fr-FR he-IL hi-IN hr-HR hu-HU id-ID "
    "it-IT ja-JP ko-KR lt-LT lv-LV nl-NL no-NO pl-PL pt-PT ro-RO ru-RU sk-SK sl-SI sr-RS sv-SE th-TH tr-TR uk-UA ur-PK "
    "vi-VN zh-CN"
)
_TAGS = {one.partition("-")[0]: one for one in _REGIONS.split()} | {"no": "nb-NO", "sr": "sr-Cyrl-RS"}
"""Proofing tools go by regions: the largest."""
_EAST_ASIAN = frozenset(("zh", "ja", "ko"))
_BEHIND_RTL = frozenset(("cs", "em", "lang", "eastAsianLayout", "specVanish", "oMath", "rPrChange"))
_BEHIND_LANG = frozenset(("eastAsianLayout", "specVanish", "oMath", "rPrChange"))
_BEFORE_BIDI = frozenset(
    ("pStyle", "keepNext", "keepLines", "pageBreakBefore", "framePr", "widowControl", "numPr", "suppressLineNumbers",
     "pBdr", "shd", "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap", "overflowPunct", "topLinePunct",
     "autoSpaceDE", "autoSpaceDN")
)  # fmt: skip
_BEFORE_VISUAL = frozenset(("tblStyle", "tblpPr", "tblOverlap"))
_BEHIND_SECTION = frozenset(("rtlGutter", "docGrid", "printerSettings", "sectPrChange"))
_TITLES = frozenset(("ctrTitle", "title", "subTitle"))


class Speech(Record):
    """How translated text is marked.  Without a language nothing is."""

    language: str = ""
    """ISO 639-1."""
    is_right_to_left: bool = False
    tracked: str = ""
    """The date of tracked changes (Options.tracked)."""

    @classmethod
    def of(cls, options: Options) -> Speech:
        return cls(options.language, options.is_right_to_left, options.tracked)

    @property
    def tag(self) -> str:
        """The language with a region (BCP 47); empty where there is none."""
        return _TAGS.get(self.language, self.language)

    # ---- WordprocessingML

    def mark_run(self, run: etree._Element) -> None:
        space = f"{{{etree.QName(run).namespace}}}"
        properties = child(run, "rPr")
        if properties is None:
            if not (self.language or self.is_right_to_left):
                return
            properties = etree.Element(f"{space}rPr")
            run.insert(0, properties)
        turned = child(properties, "rtl")
        if self.is_right_to_left and turned is None:
            _insert_before(properties, etree.Element(f"{space}rtl"), _BEHIND_RTL)
        elif self.language and not self.is_right_to_left:
            for one in [one for one in properties if local(one) in ("rtl", "cs")]:
                properties.remove(one)
        if self.language:
            for one in [one for one in properties if local(one) == "lang"]:
                properties.remove(one)
            east = self.language in _EAST_ASIAN
            key = "bidi" if self.is_right_to_left else "eastAsia" if east else "val"
            _insert_before(properties, etree.Element(f"{space}lang", {f"{space}{key}": self.tag}), _BEHIND_LANG)

    def turn_paragraph(self, paragraph: etree._Element) -> None:
        space = f"{{{etree.QName(paragraph).namespace}}}"
        properties = child(paragraph, "pPr")
        turned = child(properties, "bidi")
        if self.is_right_to_left and not is_on(turned):
            if properties is None:
                properties = etree.Element(f"{space}pPr")
                paragraph.insert(0, properties)
            if turned is not None:
                properties.remove(turned)
            _insert_behind(properties, etree.Element(f"{space}bidi"), _BEFORE_BIDI)
        elif self.language and not self.is_right_to_left and turned is not None:
            turned.set(f"{space}val", "0")  # not taken away: a style may have it as well
        if self.language or self.is_right_to_left:
            for table in paragraph.iterancestors(f"{space}tbl"):
                self._turn_table(table, space)

    def _turn_table(self, table: etree._Element, space: str) -> None:
        properties = child(table, "tblPr")
        visual = child(properties, "bidiVisual")
        if properties is None or (visual is not None) == self.is_right_to_left:
            return
        if visual is not None:
            properties.remove(visual)
        else:
            _insert_behind(properties, etree.Element(f"{space}bidiVisual"), _BEFORE_VISUAL)

    def turn_sections(self, root: etree._Element) -> None:
        for section in root.iter("{*}sectPr") if self.language or self.is_right_to_left else ():
            turned = child(section, "bidi")
            if (turned is not None) == self.is_right_to_left:
                continue
            if turned is not None:
                section.remove(turned)
            else:
                bidi = etree.Element(f"{{{etree.QName(section).namespace}}}bidi")
                _insert_before(section, bidi, _BEHIND_SECTION)

    # ---- DrawingML

    def mark_drawing_run(self, run: etree._Element) -> None:
        properties = child(run, "rPr")
        if self.language and properties is not None:
            properties.set("lang", self.tag)

    def turn_drawing(self, paragraph: etree._Element) -> None:
        """Set the direction of an `a:p`; its alignment is absolute, so it changes too."""
        if not (self.language or self.is_right_to_left):
            return
        properties = child(paragraph, "pPr")
        is_turned = properties is not None and properties.get("rtl") in ("1", "true")
        if is_turned == self.is_right_to_left:
            return
        if properties is None:
            properties = etree.Element(f"{{{etree.QName(paragraph).namespace}}}pPr")
            paragraph.insert(0, properties)
        properties.set("rtl", "1" if self.is_right_to_left else "0")
        aligned = properties.get("algn", "")
        if aligned in ("l", "r"):
            properties.set("algn", "r" if aligned == "l" else "l")
        elif not aligned and self.is_right_to_left and not _is_title(paragraph):
            properties.set("algn", "r")
        for table in paragraph.iterancestors("{*}tbl"):
            about = child(table, "tblPr")
            if about is not None:
                about.set("rtl", "1" if self.is_right_to_left else "0")


def _is_title(paragraph: etree._Element) -> bool:
    """Whether it stands in a title, which its layout puts in the middle."""
    shape = next((one for one in paragraph.iterancestors() if local(one) == "sp"), None)
    return shape is not None and any(one.get("type") in _TITLES for one in shape.iter("{*}ph"))


def _insert_before(parent: etree._Element, one: etree._Element, behind: frozenset[str]) -> None:
    """Insert an element where the schema requires it: before the first of its successors."""
    at = next((index for index, other in enumerate(parent) if local(other) in behind), len(parent))
    parent.insert(at, one)


def _insert_behind(parent: etree._Element, one: etree._Element, before: frozenset[str]) -> None:
    after = [index for index, other in enumerate(parent) if local(other) in before]
    parent.insert(after[-1] + 1 if after else 0, one)

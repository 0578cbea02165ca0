"""Writes a formula of Office (OMML) or of the web (MathML) in one line of text: (a+b)/2, √(x), ∑ᵢ₌₁ⁿ xᵢ."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from lxml import etree

from slmdesk.children.formats.letters import lowered, raised
from slmdesk.children.formats.office_xml import local

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MOST_DEPTH = 60
"""Most levels of a formula that are told apart. What is deeper is written as plain text."""
_EDGE = "\x1f"
"""Stands where a letter or digit must not touch its neighbour: 1 and 1/2 are not 11/2."""
_TOUCHING = re.compile(rf"(?<=[^\W_]|\)){_EDGE}+(?=[^\W_]|\()")
_DOUBLED = re.compile(r"\(\(([^()¦]*¦[^()]*)\)\)")
_TIMES = re.compile("(?<=\\d)\u2062(?=\\d)")
_UNSEEN = dict.fromkeys(map(ord, (_EDGE, "\u2062", "\u2063")))
_STYLED = re.compile("[\U0001d400-\U0001d7ff]")
_NUMBER = re.compile(r"\d+(?:[.,  ]\d+)*")
_RAISED, _LOWERED = "²³¹⁰ⁱ⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₔₕₖₗₘₙₚₛₜ"
_WHOLE = re.compile(rf"[√∛∜]?\w*[{_RAISED}{_LOWERED}]*")
_NAMES = frozenset(("sin", "cos", "tan", "cot", "exp", "log", "ln", "lg", "max", "min", "mm", "cm", "dm", "km", "kg"))
"""Words of small letters that are one base; any other is a product, as ab in (ab)²."""
_UNRAISED = frozenset("°′″‴*†‡")
_ACCENTS = {"^": "\u0302", "ˆ": "\u0302", "~": "\u0303", "˜": "\u0303", "¯": "\u0305", "‾": "\u0305", "_": "\u0332",
            "˙": "\u0307", "¨": "\u0308", "→": "\u20d7", "ˇ": "\u030c", "´": "\u0301", "`": "\u0300"}  # fmt: skip
_RELATION = re.compile(r"\s*[=<>≤≥≈≠≡&]")


class _Part(NamedTuple):
    name: str
    attributes: Mapping[str, str | None]
    content: list[_Part | str]

    def part(self, name: str) -> str:
        """The line of the first child of this name."""
        return next((_line(child) for child in self.parts if child.name == name), "")

    def value(self, name: str, default: str = "") -> str:
        """The `val` of an OMML property. A property without value is empty, one that is not there the default."""
        for pr in self.parts:
            if pr.name.endswith("Pr"):
                for child in pr.parts:
                    if child.name == name:
                        return child.attributes.get("val") or ""
        return default

    @property
    def parts(self) -> list[_Part]:
        return [child for child in self.content if isinstance(child, _Part)]

    @property
    def lines(self) -> list[str]:
        return [_line(child) for child in self.parts]


def omml_line(element: etree._Element) -> str:
    """Return an `m:oMath` or `m:oMathPara` as text. Where a digit stands directly before it, a space is needed."""
    return _cleaned(_line(_of_xml(element)))


def mathml_line(element: etree._Element | LexborNode) -> str:
    part = _of_xml(element) if isinstance(element, etree._Element) else _of_html(element)
    return _cleaned(_line(part)) or (part.attributes.get("alttext") or "").strip()


def _of_xml(element: etree._Element, depth: int = 0) -> _Part:
    attributes = {etree.QName(str(name)).localname: str(value) for name, value in element.attrib.items()}
    content: list[_Part | str] = [element.text or ""]
    if depth > MOST_DEPTH:
        content = ["".join(map(str, element.itertext()))]
    else:
        for child in element:
            if isinstance(child.tag, str):
                content.append(_of_xml(child, depth + 1))
            content.append(child.tail or "")
    return _Part(local(element), attributes, content)


def _of_html(node: LexborNode, depth: int = 0) -> _Part:
    """Return an element of a page with its children. Below `MOST_DEPTH` there is only its text."""
    content: list[_Part | str] = []
    if depth > MOST_DEPTH:
        content.append(node.text(deep=True))
    else:
        child = node.child
        while child is not None:
            tag = child.tag or "-"
            if tag == "-text":
                content.append(child.text_content or "")
            elif not tag.startswith("-"):  # Lexbor calls what is no element so, such as "-comment"
                content.append(_of_html(child, depth + 1))
            child = child.next
    name = (node.tag or "").rpartition(":")[2]  # without the prefix of "m:mi"
    return _Part(name, node.attributes, content)


def _cleaned(line: str) -> str:
    """Replace what nobody sees: the edges, and the operators of MathML for a function, a product, a list and a sum."""
    line = _TIMES.sub("·", line.replace("\u2061", _EDGE).replace("\u2064", _EDGE))
    line = _TOUCHING.sub(" ", line).translate(_UNSEEN)
    line = _STYLED.sub(lambda letter: unicodedata.normalize("NFKC", letter[0]), line)
    return " ".join(_DOUBLED.sub(r"(\1)", line).split())


def _fraction(above: str, below: str, sign: str = "/") -> str:
    made = f"{_grouped(above)}{sign}{_grouped(below)}"
    return f"{_EDGE}{made}{_EDGE}" if sign == "/" else f"({made})"


def _scripted(base: str, below: str = "", above: str = "") -> str:
    base = _grouped(base, is_base=True) if base else _EDGE
    return base + _down(below) + _up(above)


def _up(text: str) -> str:
    text = text.replace(_EDGE, "").replace("∘", "°").strip()
    if not text or _UNRAISED.issuperset(text):
        return text
    made = text if _is_word(text) else raised(text)
    return made if made != text else f"^({text})"


def _down(text: str) -> str:
    text = text.replace(_EDGE, "").strip()
    made = text if _is_word(text) else lowered(text)
    return made if made != text or not text else f"_({text})"


def _is_word(text: str) -> bool:
    return len(text) > 2 and text.isalpha()


def _root(inside: str, degree: str = "") -> str:
    degree = "" if degree.strip() == "2" else degree
    return f"{_EDGE}{_up(degree)}√({inside.strip()})"


def _limited(sign: str, below: str, above: str, of: str = "") -> str:
    return f"{sign}{_down(below)}{_up(above)} {of}" if below or above else f"{sign}{_EDGE}{of}"


def _accented(base: str, accent: str) -> str:
    accent = accent.strip()
    mark = _ACCENTS.get(accent, accent)
    if len(mark) == 1 and unicodedata.combining(mark):
        return unicodedata.normalize("NFC", "".join(f"{letter}{mark}" for letter in base.replace(_EDGE, "")))
    if not mark or mark in "⏞⏟⏜⏝⎴⎵︷︸":
        return base
    return _scripted(base, above=accent)


def _grouped(text: str, *, is_base: bool = False) -> str:
    """Put brackets around what would else be read otherwise: a+b over c is not a+b/c."""
    text = text.replace(_EDGE, "" if is_base else _EDGE).strip(f"{_EDGE} ")
    letters = text.rstrip(_RAISED + _LOWERED)
    is_power = is_base and text[-1:] in _RAISED and bool(text)
    is_product = is_base and len(letters) > 1 and letters.islower() and letters not in _NAMES
    if len(text) <= 1 or _NUMBER.fullmatch(letters) or (letters.isalpha() and not is_product):
        return f"({text})" if is_power else text
    head = _WHOLE.match(text)
    if head is not None and text[head.end() : head.end() + 1] in ("(", "[", "{", "|") and not (is_base and head.end()):
        depth = 0
        for at, letter in enumerate(text[head.end() :], head.end()):
            if letter in "([{":
                depth += 1
            elif letter in ")]}":
                depth -= 1
            if depth == 0 and letter in ")]}|" and at > head.end():
                return text if at == len(text) - 1 else f"({text})"
    return f"({text})"


def _rows(rows: list[list[str]]) -> str:
    """Write a matrix, or equations below each other, whose columns are aligned and no values of their own."""
    lines = list[str]()
    for row in rows:
        cells = [cell.strip() for cell in row]
        between = "" if any(map(_RELATION.match, cells)) else ", "
        lines.append(between.join(cell.replace("&", "") for cell in cells))
    return "; ".join(lines)


# What is read. An element that is not named here is a row of what is in it.


def _line(part: _Part) -> str:
    handler = _HANDLERS.get(part.name)
    return handler(part) if handler else _row(part)


def _row(part: _Part) -> str:
    """Join what is in an element. Blanks between elements are only the file's layout."""
    if not part.parts:
        return "".join(map(str, part.content)).strip("\t\n\r")
    return "".join(_line(item) if isinstance(item, _Part) else item.strip() for item in part.content)


def _word(part: _Part) -> str:
    return " ".join(_row(part).split())


def _said(part: _Part) -> str:
    """Text of MathML, which may have elements of HTML in it."""
    text = "".join(item if isinstance(item, str) else _said(item) for item in part.content)
    return re.sub(r"\s+", " ", text)


def _operator(part: _Part) -> str:
    text = _word(part)
    return f" {text} " if len(text) > 1 and text.isalpha() else text


def _omml_fraction(part: _Part) -> str:
    return _fraction(part.part("num"), part.part("den"), "¦" if part.value("type") == "noBar" else "/")


def _omml_delimited(part: _Part) -> str:
    begin, sep, end = (
        part.value(name, default) for name, default in (("begChr", "("), ("sepChr", "|"), ("endChr", ")"))
    )
    inside = [_line(child) for child in part.parts if child.name == "e"]
    return begin + sep.join(inside) + end


def _omml_rows(part: _Part) -> str:
    rows = [row for row in part.parts if row.name in ("mr", "e")]
    return _rows([row.lines if row.name == "mr" else [_line(row)] for row in rows])


def _omml_function(part: _Part) -> str:
    return f"{_EDGE}{part.part('fName').strip()}{_EDGE}{_grouped(part.part('e'))}{_EDGE}"


def _omml_group(part: _Part) -> str:
    sign = part.value("chr", "⏟")
    return sign + _up(part.part("e")) if sign in "←→↔⇐⇒⇔⇌" and sign else part.part("e")


def _omml_scripts(part: _Part) -> str:
    before = _up(part.part("sup")) + _down(part.part("sub")) if part.name == "sPre" else ""
    if before:
        return f"{_EDGE}{before}{part.part('e')}"
    if part.name == "limLow":
        return _limited(part.part("e"), part.part("lim"), "")
    if part.name == "limUpp":
        return _limited(part.part("e"), "", part.part("lim"))
    return _scripted(part.part("e"), part.part("sub"), part.part("sup"))


def _scripts(part: _Part) -> str:
    """The scripts of MathML, in order; below and above a sign they are limits, above a letter perhaps an accent."""
    is_pair = part.name not in ("msubsup", "munderover")
    if len(part.parts) != 3 - is_pair:
        return _row(part)  # as browsers show what is not valid
    base, *scripts = part.lines
    below, above = ("", scripts[0]) if part.name in ("msup", "mover") else (scripts[0], "".join(scripts[1:]))
    is_accent = "true" in (part.attributes.get("accent"), part.attributes.get("accentunder"))
    if is_pair and (is_accent or (part.name == "mover" and above.strip() in _ACCENTS)):
        return _accented(base, above or below)
    sign = base.strip()
    if (len(sign) > 1 and part.name.startswith("mu")) or (sign and unicodedata.category(sign[0]) == "Sm"):
        return _limited(sign, below, above)
    return _scripted(base, below, above)


def _multiscripts(part: _Part) -> str:
    base, *rest = part.parts or [_Part("none", {}, [])]
    names = [child.name for child in rest]
    cut = names.index("mprescripts") if "mprescripts" in names else len(rest)
    lines = [_line(child) for child in rest]
    after, before = lines[:cut], lines[cut + 1 :]
    lead = "".join(map(_up, before[1::2])) + "".join(map(_down, before[::2]))
    return (_EDGE if lead else "") + lead + _scripted(_line(base), "".join(after[::2]), "".join(after[1::2]))


def _mathml_fraction(part: _Part) -> str:
    if len(part.parts) != 2:
        return _row(part)
    above, below = part.lines
    thickness = (part.attributes.get("linethickness") or "").strip()
    return _fraction(above, below, "¦" if re.fullmatch(r"0+(?:\.0+)?[a-z]*", thickness) else "/")


def _mathml_root(part: _Part) -> str:
    return _root(*part.lines) if part.name == "mroot" and len(part.parts) == 2 else _root(_row(part))


def _mathml_fenced(part: _Part) -> str:
    begin, end = part.attributes.get("open"), part.attributes.get("close")
    marks = [*"".join((part.attributes.get("separators") or ",").split())] or [""]
    inside = "".join(
        line + (marks[min(at, len(marks) - 1)] if at < len(part.parts) - 1 else "")
        for at, line in enumerate(part.lines)
    )
    return f"{'(' if begin is None else begin}{inside}{')' if end is None else end}"


def _mathml_rows(part: _Part) -> str:
    return _rows([row.lines[row.name == "mlabeledtr" :] for row in part.parts])


_Handler: TypeAlias = Callable[[_Part], str]
_HANDLERS: Mapping[str, _Handler] = {
    **dict.fromkeys(("mi", "mn"), _word),
    **dict.fromkeys(("mtext", "ms"), _said),
    "mo": _operator,
    "mspace": lambda part: _EDGE,
    **dict.fromkeys(("mphantom", "none", "del", "moveFrom", "annotation", "annotation-xml"), lambda part: ""),
    **dict.fromkeys(("semantics", "maction"), lambda part: _line(part.parts[0]) if part.parts else ""),
    "mfrac": _mathml_fraction,
    **dict.fromkeys(("msqrt", "mroot"), _mathml_root),
    **dict.fromkeys(("msub", "msup", "msubsup", "munder", "mover", "munderover"), _scripts),
    "mmultiscripts": _multiscripts,
    "mfenced": _mathml_fenced,
    "mtable": _mathml_rows,
    "f": _omml_fraction,
    "rad": lambda part: _root(part.part("e"), part.part("deg")),
    **dict.fromkeys(("sSup", "sSub", "sSubSup", "sPre", "limLow", "limUpp"), _omml_scripts),
    "nary": lambda part: _limited(part.value("chr", "∫"), part.part("sub"), part.part("sup"), part.part("e")),
    "func": _omml_function,
    "d": _omml_delimited,
    **dict.fromkeys(("m", "eqArr"), _omml_rows),
    "acc": lambda part: _accented(part.part("e"), part.value("chr", "^")),
    "bar": lambda part: _accented(part.part("e"), "¯" if part.value("pos", "bot") == "top" else "_"),
    "groupChr": _omml_group,
    "phant": lambda part: "" if part.value("show", "1") in ("0", "false", "off") else part.part("e"),
    "oMathPara": lambda part: " ".join(part.lines),
}

"""Typesets LaTeX as vector graphics, by ziamath.

Pure Python with its own font, no file and no network. ziamath lays out each row twice, to find the height of its
brackets, so each level of nested rows doubles the time (20 nested fractions: an hour). So rows with one part are
unwrapped, and a formula that would still take long is refused by its cost, which is counted first and is the same on
every computer.
"""

from __future__ import annotations

import re
from math import isfinite
from xml.etree import ElementTree as ET

from slmdesk.base.record import Record
from slmdesk.base.text.markup import LONGEST

COLOUR = "#010203"
"""Placeholder for the colour of a typeset formula. It is replaced by the text's colour when the formula is drawn."""
EM = 20
"""Size of the letters when a formula is typeset, in units of the SVG."""
MOST_COST = 6000
"""Highest cost of a formula, as `_cost` counts it. It takes about two seconds on a slow core."""
DEEPEST = 24
"""Most levels of nested braces and brackets."""
WIDEST, LOWEST, HIGHEST = 400, 0.15, 120
"""Largest width, smallest height and largest height of a formula, in em."""
MARGIN = 1.0
"""Margin around a formula, in units of the SVG. Smoothing of edges needs it."""

_ROWS = ("math", "mrow", "mtd", "mtr", "merror", "mphantom", "mstyle", "mpadded")
_TEXT = re.compile(r"<mtext([^>]*)>(.*?)</mtext>", re.DOTALL)
_NESTED = re.compile(r"\\\\|\\[{}]|\\(?:begin|end|left|right)(?![A-Za-z])|[{}]")
_NOT_DRAWN = {"mathbackground", "columnlines", "rowlines", "frame"}
"""Attributes that the library ignores, or paints over the letters."""
_TAGS = {
    "math", "mtd", "mtr", "none", "ms", "menclose", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover",
    "mpadded", "mphantom", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtext",
    "munder", "munderover",
}  # fmt: skip
_OPENS = {"{": "}", "\\begin": "\\end", "\\left": "\\right"}


class LatexError(Exception):
    """Exception for LaTeX that cannot be typeset. Its source is shown instead."""


class Typeset(Record):
    """A formula as SVG, in the colour COLOUR. Sizes are in em."""

    svg: bytes
    width: float
    height: float
    depth: float
    """Part of the height that lies below the base line."""


def typeset(tex: str, *, displayed: bool) -> Typeset:
    """Typeset a formula. Takes 5 to 50 ms, at most 2 s. Any thread. Raises LatexError, and nothing else."""
    if len(tex) > LONGEST:
        raise LatexError("long")
    _check_nesting(tex)
    try:
        return _drawn(tex, displayed)
    except LatexError:
        raise
    except Exception as err:  # the parser raises a dozen kinds of errors for invalid LaTeX
        raise LatexError(str(err)) from err


def _drawn(tex: str, displayed: bool) -> Typeset:
    from ziamath.config import config  # imported here: takes 0.3 s, needed for formulas only
    from ziamath.tex import tex2mml
    from ziamath.zmath import Math

    root = _parsed(tex2mml(_rewritten(tex), inline=not displayed))
    _simplify(root)
    _check(root)
    root.set("mathcolor", COLOUR)
    config.svg2 = False  # paths in place: Qt's SVG knows no <symbol>
    made = Math(root, size=EM, margin=MARGIN)
    if any(made.font.glyphindex(sign) == 0 for text in root.itertext() for sign in text if not sign.isspace()):
        raise LatexError("letter")
    box = made.node.bbox
    width, height = (box.xmax - box.xmin + 2 * MARGIN) / EM, (box.ymax - box.ymin + 2 * MARGIN) / EM
    if not (isfinite(width) and isfinite(height) and 0 < width <= WIDEST and LOWEST < height <= HIGHEST):
        raise LatexError("size")
    return Typeset(made.svg().encode(), width, height, (MARGIN - box.ymin) / EM)


def _rewritten(tex: str) -> str:
    tex = re.sub(r"\\not\s*=", r"\\neq ", tex)
    tex = re.sub(r"\\not\s*\\in(?![A-Za-z])", r"\\notin ", tex)
    return re.sub(r"\\tag\*?\{([^{}]*)\}", r"\\qquad \\text{(\1)}", tex)


def _parsed(mathml: str) -> ET.Element:
    mathml = mathml.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    return ET.fromstring(_TEXT.sub(_escaped, mathml))  # noqa: S314  no entities of its own, by its only writer


def _escaped(match: re.Match[str]) -> str:
    r"""Escape < and & in the words of \text, which the library does not do."""
    words = re.sub(r"&(?!#x[0-9A-Fa-f]+;)", "&amp;", match[2]).replace("<", "&lt;")
    return f"<mtext{match[1]}>{words}</mtext>"


def _check_nesting(tex: str) -> None:
    r"""Check braces and \left … \right.  Raises LatexError if they do not match or are too deep."""
    expected: list[str] = []
    for match in _NESTED.finditer(tex):
        sign = match.group()
        if sign in _OPENS:
            expected.append(_OPENS[sign])
        elif sign in _OPENS.values() and (not expected or expected.pop() != sign):
            raise LatexError("unbalanced")
        if len(expected) > DEEPEST:
            raise LatexError("deep")
    if expected:
        raise LatexError("unbalanced")


def _simplify(element: ET.Element) -> None:
    """Replace rows that have no effect by their content, and increase the distance of the lines in tables."""
    for child in element:
        _simplify(child)
    if element.tag == "mtable":
        element.set("rowspacing", "0.6em")  # with the usual spacing the lines nearly touch
    if element.tag == "math" and len(element) == 1 and element[0].tag == "mrow" and not element[0].attrib:
        inner = list(element[0])
        if not any(child.get("linebreak") for child in inner):  # the row is needed to place its lines
            element[:] = inner
    for place, child in enumerate(element):
        if child.tag == "mrow" and len(child) == 1 and not child.attrib and child[0].tag != "mo":
            element[place] = child[0]  # {,} stays: an operator alone in braces has no space around it


def _check(root: ET.Element) -> None:
    """Check that a formula can be drawn. Raises LatexError for unknown macros, painted backgrounds, or if too slow."""
    for element in root.iter():
        if element.tag in ("mi", "mo", "mn") and re.match(r"\\[A-Za-z]", element.text or ""):
            raise LatexError("unknown")
        if element.tag not in _TAGS or not element.attrib.keys().isdisjoint(_NOT_DRAWN):
            raise LatexError("not drawn")
    if len(root) == 0 or _cost(root, 1, 0) > MOST_COST:
        raise LatexError("cost")


def _cost(element: ET.Element, times: int, depth: int) -> int:
    """Return how many elements will be laid out. An element that is laid out several times counts as often."""
    if depth > 60 or times > MOST_COST:
        return MOST_COST + 1
    within = 2 * times if element.tag in _ROWS or (len(element) > 1 and element.tag == "msqrt") else times
    total = times
    for child in element:
        total += _cost(child, within, depth + 1)
        if total > MOST_COST:
            break
    return total

"""A formula keeps its meaning in one line: no half is 12, no power a number."""

from __future__ import annotations

import pytest
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from slmdesk.children.formats.formulas import MOST_DEPTH, mathml_line, omml_line

pytestmark = pytest.mark.pure


def r(text: object) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def f(above: object, below: object, kind: str = "bar") -> str:
    properties = f'<m:fPr><m:type m:val="{kind}"/></m:fPr>'
    return f"<m:f>{properties}<m:num>{r(above)}</m:num><m:den>{r(below)}</m:den></m:f>"


def e(content: str, **scripts: object) -> str:
    return f"<m:e>{content}</m:e>" + "".join(f"<m:{name}>{r(text)}</m:{name}>" for name, text in scripts.items())


def properties(name: str, **values: str) -> str:
    return f"<m:{name}Pr>" + "".join(f'<m:{key} m:val="{value}"/>' for key, value in values.items()) + f"</m:{name}Pr>"


MATRIX = f"<m:m><m:mr>{e(r(1))}{e(r(2))}</m:mr><m:mr>{e(r(3))}{e(r(4))}</m:mr></m:m>"
SQUARE = f"<m:sSup>{e(r('x'), sup=2)}</m:sSup>"
SYSTEM = f"<m:eqArr>{e(r('x&amp;=1'))}{e(r('y&amp;=2'))}</m:eqArr>"
LIMIT = f"<m:limLow>{e(r('lim'), lim='x→0')}</m:limLow>"


@pytest.mark.parametrize(
    ("omml", "line"),
    [
        (f(1, 2), "1/2"),
        (r(1) + f(1, 2), "1 1/2"),
        (f(1, 2) + r("x"), "1/2 x"),
        (f("a+b", "c+d"), "(a+b)/(c+d)"),
        (f("a", "b", "skw"), "a/b"),
        (f("K·p·t", "100"), "(K·p·t)/100"),
        (f(1, "2x", "lin"), "1/(2x)"),
        (f"<m:d>{e(f('n', 'k', 'noBar'))}</m:d>", "(n¦k)"),
        (f"<m:sSup>{e(r('1.05'), sup=3)}</m:sSup>", "1.05³"),
        (f"<m:sSup>{e(r('x'), sup='a')}</m:sSup>", "x^(a)"),
        (f"<m:sSup>{e(r('a+b'), sup='n+1')}</m:sSup>", "(a+b)ⁿ⁺¹"),
        (f"<m:sSup>{e(r('ab'), sup=2)}</m:sSup>", "(ab)²"),
        (f"<m:sSup>{e(f(1, 2), sup=2)}</m:sSup>", "(1/2)²"),
        (f"<m:sSup>{e(SQUARE, sup=3)}</m:sSup>", "(x²)³"),
        (f"<m:sSubSup>{e(r('x'), sub='i', sup=2)}</m:sSubSup>", "xᵢ²"),
        (r(2) + f"<m:sPre>{e(r('C'), sub=6, sup=14)}</m:sPre>", "2 ¹⁴₆C"),
        (f"<m:rad>{properties('rad', degHide='1')}<m:deg/>{e(r('x+1'))}</m:rad>", "√(x+1)"),
        (f"<m:rad>{e(r('x'), deg=3)}</m:rad>", "³√(x)"),
        (f"<m:nary>{properties('nary', chr='∑')}{e(r('k'), sub='k=1', sup='n')}</m:nary>", "∑ₖ₌₁ⁿ k"),
        (f"<m:nary>{e(r('f dx'), sub=0, sup='∞')}</m:nary>", "∫₀^(∞) f dx"),
        (f"<m:func><m:fName>{r('sin')}</m:fName>{e(r('x'))}</m:func>", "sin x"),
        (f"<m:func><m:fName>{LIMIT}</m:fName>{e(f(1, 'x'))}</m:func>", "lim_(x→0) (1/x)"),
        (f"<m:d>{properties('d', begChr='[', endChr=']')}{e(MATRIX)}</m:d>", "[1, 2; 3, 4]"),
        (f"<m:d>{properties('d', sepChr=';')}{e(r('a'))}{e(r('b'))}</m:d>", "(a;b)"),
        (f"<m:d>{properties('d', begChr='{', endChr='')}{e(SYSTEM)}</m:d>", "{x=1; y=2"),
        (f"<m:bar>{properties('bar', pos='top')}{e(r('x'))}</m:bar>", "x\u0305"),
        (f"<m:acc>{e(r('o'))}</m:acc>", "ô"),
        (f"<m:groupChr>{properties('groupChr', chr='→')}{e(r('heat'))}</m:groupChr>", "→^(heat)"),
        (f"<m:borderBox>{e(r('E=m'))}</m:borderBox>", "E=m"),
        (f"<m:phant>{properties('phant', show='0')}{e(r('x'))}</m:phant>{r('y')}", "y"),
        (r("Zins ") + r("= ") + r("𝟐𝑎"), "Zins = 2a"),
    ],
)
def test_office(omml: str, line: str) -> None:
    assert omml_line(etree.fromstring(f'<m:oMath xmlns:m="m">{omml}</m:oMath>')) == line


def row(text: str) -> str:
    return (
        f"<mrow>{''.join(f'<mi>{letter}</mi>' if letter.isalnum() else f'<mo>{letter}</mo>' for letter in text)}</mrow>"
    )


CELLS = "".join(f"<mtr><mtd>{row(a)}</mtd><mtd>{row(b)}</mtd></mtr>" for a, b in ("12", "34"))
EQUATIONS = "".join(f"<mtr><mtd>{row(a)}</mtd><mtd>{row(b)}</mtd></mtr>" for a, b in (("x", "=1"), ("y", "=2")))


@pytest.mark.parametrize(
    ("mathml", "line"),
    [
        ("<mn>1</mn><mfrac><mn>1</mn><mn>2</mn></mfrac>", "1 1/2"),
        (f"<mi>a</mi>\n <mo>=</mo> <mfrac>{row('a+b')}<mi>c</mi></mfrac>", "a=(a+b)/c"),
        (f"<mfrac><mn>1</mn>{row('2x')}</mfrac>", "1/(2x)"),
        ('<mfrac linethickness="0"><mi>n</mi><mi>k</mi></mfrac>', "(n¦k)"),
        ("<msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup>", "10⁻³"),
        ("<msup><mn>90</mn><mo>∘</mo></msup>", "90°"),
        (f"<msup>{row('(a+b)')}<mn>2</mn></msup>", "(a+b)²"),
        ("<msub><mi>K</mi><mi>neu</mi></msub>", "K_(neu)"),
        (f"<munderover><mo>∑</mo>{row('i=1')}<mi>n</mi></munderover><mi>i</mi>", "∑ᵢ₌₁ⁿ i"),
        (f"<munder><mi>lim</mi>{row('x→0')}</munder><mi>f</mi>", "lim_(x→0) f"),
        ('<mover accent="true"><mi>x</mi><mo>¯</mo></mover>', "x\u0305"),
        ("<mover><mi>v</mi><mo>→</mo></mover>", "v\u20d7"),
        (f"<mo>(</mo><mtable>{CELLS}</mtable><mo>)</mo>", "(1, 2; 3, 4)"),
        (f"<mo>{{</mo><mtable>{EQUATIONS}</mtable>", "{x=1; y=2"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt><mroot><mi>x</mi><mn>3</mn></mroot>", "√(x+1) ³√(x)"),
        ('<mfenced open="["><mi>a</mi><mi>b</mi></mfenced>', "[a,b)"),
        ("<mmultiscripts><mi>C</mi><none/><none/><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>", "¹⁴₆C"),
        ("<semantics><mrow><mn>2</mn><mo>\u2062</mo><mn>3</mn></mrow><annotation>2*3</annotation></semantics>", "2·3"),
        ("<mi>sin</mi><mo>\u2061</mo><mi>x</mi>", "sin x"),
        ("<mtext>Zins in </mtext><mi>%</mi>", "Zins in %"),
        ("<mfrac><mn>1</mn><mn>2</mn><mn>3</mn></mfrac>", "123"),
        ("5 <mi>x</mi>", "5x"),
        ("<mrow>" * MOST_DEPTH * 2 + "<mn>7</mn>" + "</mrow>" * MOST_DEPTH * 2, "7"),
    ],
)
def test_web(mathml: str, line: str) -> None:
    node = LexborHTMLParser(f"<p><math>{mathml}</math></p>").css_first("math")
    assert node is not None
    assert mathml_line(node) == line
    assert mathml_line(etree.fromstring(f'<math xmlns="m">{mathml}</math>')) == line


def test_a_formula_drawn_as_a_picture_has_its_alternative_text() -> None:
    assert mathml_line(etree.fromstring('<math alttext="a/b"/>')) == "a/b"

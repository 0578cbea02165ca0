"""What letters look like, carried in the text that every reader writes: raised, lowered and struck letters, and signs
of symbol fonts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from slmdesk.base.documents import DELETED, Note, deleted
from slmdesk.base.record import Record
from slmdesk.children.formats.reading import Reading

_RAISED = str.maketrans("0123456789+-−=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")
_LOWERED = str.maketrans("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_BY_CUSTOM = frozenset("acdeors")
"""Letters raised by custom (Mᵉ, nᵒ, 1ª, 2ᵈ, Dʳ, Mᶜ). They mean the same on the line, and so do several letters, signs
such as ™ and *, and a reference such as [1].
"""


def raised(text: str) -> str:
    """Return superscript letters as Unicode has them (10⁶), else as ^(…), so that 10 and 6 never read 106."""
    return _shifted(text, _RAISED, "^")


def lowered(text: str) -> str:
    """Return subscript letters as Unicode has them (H₂O), else as _(…)."""
    return _shifted(text, _LOWERED, "_")


def _shifted(text: str, letters: dict[int, int], sign: str) -> str:
    words = text.strip()
    is_letter = len(words) == 1 and words.isalpha() and words.casefold() not in _BY_CUSTOM
    if words[:1] == "[" or (is_letter and unicodedata.normalize("NFKC", words) != words):  # raised by itself
        return text
    if not is_letter and not any(letter.isdecimal() or letter in "+−=" for letter in words) and words[:1] != "-":
        return text
    made = words.translate(letters) if all(ord(letter) in letters for letter in words) else f"{sign}({words})"
    return text.replace(words, made)


_UP, _DOWN = ("\x0e", "\x0f"), ("\x10", "\x11")
"""Control characters, which no text of a document has, around raised and lowered letters."""
_MOVED_UP = re.compile("\x0e([^\x0e-\x11]*)\x0f")
_MOVED_DOWN = re.compile("\x10([^\x0e-\x11]*)\x11")
_BLANK = re.compile(f"{DELETED[0]}(\\s*){DELETED[1]}")


class Look(Record):
    """What the letters of a run look like, as far as their meaning depends on it."""

    struck: bool = False
    shift: int = 0
    """Above 0 for raised letters, below for lowered ones."""
    font: str = ""
    """The symbol font of its ASCII letters. Empty for any other font."""
    high: str = ""
    """The symbol font of its other letters."""
    private: str = ""
    """The font of its private letters, if that is another."""

    def dress(self, reading: Reading, text: str) -> str:
        """Return a run as Unicode, marked for `settled`."""
        text = legible(reading, text, self)
        if self.shift and text:
            text = text.join(_UP if self.shift > 0 else _DOWN)
        return deleted(text) if self.struck else text


def settled(text: str) -> str:
    """Return a line whose runs were dressed. Adjacent runs of the same look are one."""
    text = _BLANK.sub(r"\1", text.replace(DELETED[1] + DELETED[0], ""))
    text = text.replace(_UP[1] + _UP[0], "").replace(_DOWN[1] + _DOWN[0], "")
    text = _MOVED_UP.sub(lambda run: raised(run[1]), text)
    return _MOVED_DOWN.sub(lambda run: lowered(run[1]), text)


def parted_from(before: Sequence[str], text: str) -> str:
    """Put a space before a formula if it would join a word or figure before it: 1 and 1/2 are not 11/2."""
    return f" {text}" if before and before[-1][-1:].isalnum() and text[:1].isalnum() else text


def numbered(number: str, text: str) -> str:
    """Put its number before the text of a list item. The number of an item that is struck is struck too."""
    text = text.lstrip()
    if text[:1] == DELETED[0] and text.rstrip().find(DELETED[1]) == len(text.rstrip()) - 1:
        return f"{DELETED[0]}{number} {text[1:]}"
    return f"{number} {text}"


UNKNOWN = "[?]"
BOXES = frozenset("☐☑☒✓✔✗✘")
"""Signs of which each says something, also as the bullet of a list."""
TICKED, EMPTY = "☒", "☐"
PRIVATE = re.compile("[\ue000-\uf8ff]")
_NONE = "\ufffd"
_SIGNS = {
    "symbol": (
        " !∀#∃%&∍()*+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩ"
        "ΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλµνοπθρστυϖωξψζ{|}~�����������������"
        "����������������€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩"
        "∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪�⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
    ),
    "wingdings": (
        " 🖉✂✁👓🕭🕮🕯🕿✆🖂🖃📪📫📬📭🗀🗁🗎🗏🗐🗄⌛🖮🖰🖲🖳🖴🖫🖬✇✍🖎✌🖏👍👎☜☞☝☟🖐☺😐☹💣🕱🏳🏱✈☼🌢❄🕆✞🕈"
        "✠✡☪☯🕉☸♈♉♊♋♌♍♎♏♐♑♒♓🙰🙵●🔾■☐☐☐☐🞟⧫◆❖⬩☒⮹⌘🏵🏶🙶🙷▯🄋➀➁➂➃➄➅➆➇➈➉🄌➊➋➌➍"
        "➎➏➐➑➒➓🙢🙠🙡🙣🙞🙜🙝🙟·•⬝○🞆🞈🞊🞋🔿▪☐🟁🟅★🟋🟏🟓🟑⯐⌖⯎⯏⯑✪✰🕐🕑🕒🕓🕔🕕🕖🕗🕘🕙🕚🕛⮰⮱⮲⮳⮴"
        "⮵⮶⮷🙪🙫🙕🙔🙗🙖🙐🙑🙒🙓⌫⌦⮘⮚⮙⮛⮈⮊⮉⮋←→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦⇨⇧⇩⬄⇳⬁⬀⬃⬂🢬🢭✗✓☒☒"
    ),
    "wingdings 2": (
        " 🖊🖋🖌🖍✄✀🕾🕽🗅🗆🗇🗈🗉🗊🗋🗌🗍📋🗑🗔🖵🖶🖷🖸🖭🖯🖱🖒🖓🖘🖙🖚🖛👈👉🖜🖝🖞🖟🖠🖡👆👇🖢🖣🖑✗✓☒☒☒☒⮾⮿🛇"
        "⦸🙱🙴🙲🙳‽🙹🙺🙻🙦🙤🙥🙧🙚🙘🙙🙛⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿�☉🌕☽☾⸿✝🕇🕜🕝🕞🕟🕠🕡🕢🕣🕤"
        "🕥🕦🕧🙨🙩⋅🞄⦁●○🞅🞇🞉⊙⦿🞌🞍◾■☐🞑🞒🞓🞔▣🞕🞖🞗🞘⬩⬥◇🞚◈🞛🞜🞝🞞⬪⬧◊🞠◖◗⯊⯋⯀⯁⬟⯂⬣⬢⯃⯄🞡🞢"
        "🞣🞤🞥🞦🞧🞨🞩🞪🞫🞬🞭🞮🞯🞰🞱🞲🞳🞴🞵🞶🞷🞸🞹🞺🞻🞼🞽🞾🞿🟀🟂🟄🟆🟉🟊✶🟌🟎🟐🟒✹🟃🟇✯🟍🟔⯌⯍※⁂"
    ),
    "wingdings 3": (
        " ←→↑↓↖↗↙↘⭰⭲⭱⭳⭶⭸⭻⭽↔↕⭪⭬⭫⭭⭍⮠⮡⮢⮣⮤⮥⮦⮧⮐⮑⮒⮓⮀⮃⭾⭿⮄⮆⮅⮇⮏⮍⮎⮌⭮⭯⎋⌤⌃⌥␣⍽"
        "⇪⮸🢠🢡🢢🢣🢤🢥🢦🢧🢨🢩🢪🢫←→↑↓↖↗↙↘↔↕▲▼△▽◀▶◁▷◣◢◤◥🞀🞂🞁�🞃⯅⯆⯇⯈⮜⮞⮝⮟🠐🠒🠑🠓🠔🠖🠕"
        "🠗🠘🠚🠙🠛🠜🠞🠝🠟🠀🠂🠁🠃🠄🠆🠅🠇🠈🠊🠉🠋🠠🠢🠤🠦🠨🠪🠬🢜🢝🢞🢟🠮🠰🠲🠴🠶🠸🠺🠹🠻🢘🢚🢙🢛🠼🠾🠽🠿🡀🡂🡁🡃🡄🡆🡅"
        "🡇⮨⮩⮪⮫⮬⮭⮮⮯←→↑↓↖↗↙↘←→↑↓↖↗↙↘←→↑↓↖↗↙↘🢐🢒🢑🢓🢔🢖🢕🢗"
    ),
    "webdings": (
        " 🕷🕸🕲🕶🏆🎖🖇🗨🗩🗰🗱🌶🎗🙾🙼🗕🗖🗗⏴⏵⏶⏷⏪⏩⏮⏭⏸⏹⏺🗚🗳🛠🏗🏘🏙🏚🏜🏭🏛🏠🏖🏝🛣🔍🏔👁👂🏞🏕🛤🏟🛳🕬🕫🕨"
        "🔈🎔🎕🗬🙽🗭🗪🗫⮔✓🚲☐🛡📦🛱■🚑🛈🛩🛰🟈🕴●🛥🚔🗘✗❓🛲🚇🚍⛳⦸⊖🚭🗮⏐🗯🗲�🚹🚺🛉🛊🚼👽🏋⛷🏂🏌🏊🏄🏍🏎🚘🗠"
        "🛢💰🏷💳👪🗡🗢🗣✯🖄🖅🖃🖆🖹🖺🖻🕵🕰🖽🖾📋🗒🗓🕮📚🗞🗟🗃🗂🖼🎭🎜🎘🎙🎧💿🎞📷🎟🎬📽📹📾📻🎚🎛📺💻🖥🖦🖧🕹🎮🕻🕼📟"
        "🖁🖀🖨🖩🖿🖪🗜🔒🔓🗝📥📤🕳🌣🌤🌥🌦☁🌨🌧🌩🌪🌬🌫🌜🌡🛋🛏🍽🍸🛎🛍Ⓟ♿🛆🖈🎓🗤🗥🗦🗧🛪🐿🐦🐟🐕🐈🙬🙮🙭🙯🗺🌍🌏🌎🕊"
    ),
}
"""The signs of codes 20 to FF (Adobe's Symbol encoding; Unicode's mapping of Wingdings and Webdings, L2/12-368). Boxes
are ticked ☒ or empty ☐, whatever their style, and arrows the usual ones.
"""


@lru_cache(maxsize=200)
def symbol_font(name: str) -> str:
    """Return the name of a font if it is a symbol font, else ""."""
    return name if name.casefold() in _SIGNS else ""


def chosen(entries: Sequence[str], number: str) -> str:
    """Return the entry of a list field that is chosen by its number from 0, or "" if there is none."""
    return entries[int(number)] if number.isdecimal() and int(number[:4]) < len(entries) else ""


def legible(reading: Reading, text: str, look: Look) -> str:
    """Return letters in a symbol font, and private letters, as Unicode. What has none is shown as [?] and named in the
    notes.
    """
    if not (look.font or look.high or PRIVATE.search(text)):
        return text
    fonts, own = (look.high, look.font), look.font or look.high or look.private
    return "".join(
        _sign(reading, letter, own if "\ue000" <= letter <= "\uf8ff" else fonts[letter.isascii()]) for letter in text
    )


def _sign(reading: Reading, letter: str, font: str) -> str:
    sign = sign_of(letter, font)
    if not sign:
        code = f"{ord(letter) & 0xFF:02X}" if symbol_font(font) else f"U+{ord(letter):04X}"
        reading.note(Note.SIGNS_UNKNOWN, name=f"{font} {code}".strip())
    return sign or UNKNOWN


def sign_of(letter: str, font: str) -> str:
    """Return what a letter in a font shows as Unicode, or "" for a sign that has none."""
    code, signs = ord(letter), _SIGNS.get(font.casefold(), "")
    if signs and (0xF020 <= code <= 0xF0FF or (0x20 < code <= 0xFF and code not in (0xA0, 0xAD))):
        code &= 0xFF
        return signs[code - 0x20 : code - 0x1F].strip(_NONE)
    return "" if 0xE000 <= code <= 0xF8FF else letter

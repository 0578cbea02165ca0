"""What letters look like, carried in the text: raised and lowered letters, as every reader writes them."""

from __future__ import annotations

_RAISED = str.maketrans("0123456789+-−=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")
_LOWERED = str.maketrans("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_ORDINALS = frozenset(("st", "nd", "rd", "th", "er", "re", "e", "ème", "o", "a", "º", "ª", "®", "™", "©"))
"""Raised by custom, with no other meaning than on the line."""


def raised(text: str) -> str:
    """Return superscript letters as Unicode has them (10⁶), else as ^(…), so that 10 and 6 never read 106."""
    return _shifted(text, _RAISED, "^")


def lowered(text: str) -> str:
    """Return subscript letters as Unicode has them (H₂O), else as _(…)."""
    return _shifted(text, _LOWERED, "_")


def _shifted(text: str, letters: dict[int, int], sign: str) -> str:
    words = text.strip()
    if not words or words.casefold() in _ORDINALS:
        return text
    start = text.index(words)
    made = words.translate(letters) if all(ord(letter) in letters for letter in words) else f"{sign}({words})"
    return text[:start] + made + text[start + len(words) :]

"""Finds the headers of earlier mails in the text of a mail or of a pasted thread. Pure functions.

Mail programs write no common form. Known are fields below each other (Outlook), a line that says who wrote (most
others), and lines of dashes with "Original message" or the like, in the languages of the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_SENDER = "from|von|de|da|od|van"
_OTHERS = (
    r"to|an|à|a|para|do|aan|per",
    r"b?cc|bcc|kopie|copie|copia|cci|cco|u?dw|kopia",
    r"sent(?: at)?|date|gesendet(?: am)?|datum|envoyée?(?: le)?|enviad[oa](?: el| em)?|fecha|data|inviato(?: il)?|"
    r"verzonden(?: op)?|wysłan[oe]",
    r"subject|betreff|betr\.?|objet|sujet|asunto|oggetto|onderwerp|temat|assunto",
    r"reply-to|antwort an|répondre à|responder a|rispondi a|importance|priorität|wichtigkeit|priority|"
    r"attachments?|anlagen?|anhänge|pièces jointes|adjuntos|allegati|bijlagen?|załączniki|anexos",
)
_FIELD = re.compile(
    rf"(?:(?<=\s)|(?<![^*_]))[*_]*(?:({_SENDER})|{'|'.join(f'({other})' for other in _OTHERS)})[*_]*\s?:[*_]*",
    re.IGNORECASE,
)
_TITLES = (
    r"original(?:\s|-)?(?:message|mail|nachricht)|ursprüngliche (?:nachricht|e-?mail|mail)|"
    r"message (?:d['’]origine|original)|mensaje original|messaggio originale|oorspronkelijk bericht|"
    r"(?:oryginalna wiadomość|wiadomość oryginalna)|mensagem original|"
    r"forwarded (?:message|mail|text|by)|weitergeleitete (?:nachricht|e-?mail|mail)|"
    r"message (?:transféré|réexpédié)|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|"
    r"(?:przekazana|przesłana dalej) wiadomość|wiadomość przekazana|mensagem (?:re)?encaminhada"
)
_PARTED = re.compile(rf"[-_=*]{{2,}} ?(?:begin )?(?:{_TITLES})\b.{{0,120}}|(?:{_TITLES})\s?:", re.IGNORECASE)
_BEGUN = re.compile(
    r"(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail|mail)|"
    r"début du message (?:transféré|réexpédié)|inicio del mensaje reenviado|inizio messaggio inoltrato|"
    r"begin doorgestuurd bericht|początek przekazywanej wiadomości|início da mensagem (?:re)?encaminhada)\s?:",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_=]{5,}")
_ENDED = re.compile(r"[-_=*]{2,} ?(?:end|ende|fin|fine|einde|koniec|fim)\b.{0,60}?[-_=*]{2,}", re.IGNORECASE)
_VERB = r"(?:wrote|schrieb|geschrieben|a écrit|escribió|ha scritto|schreef|napisał(?:a|\(a\)|/a)?|pisze|escreveu)"
_ON = r"(?:on|am|le|el|il|op|w dniu|dnia|em)\s(?=.{0,80}\d).{4,300}?"
_WROTE = re.compile(rf"[*_]*(?:{_ON}|.{{2,120}}?)\s{_VERB}(?:\s.{{1,200}}?)?\s?:[*_]*", re.IGNORECASE)
_SURE = re.compile(r"\d{1,2}[:.h]\d\d\b|\S@\S")
"""A time or an address: a sentence that quotes a letter ("On 3 March the landlord wrote:") has neither."""
_DASHES = tuple("-_=*")
MOST_WRAPPED, MOST_CHARACTERS, MOST_FIELD_LINES = 3, 400, 20


def headers_in(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield each header of an earlier mail as (first line, line after the last)."""
    bare = [line.lstrip(" \t>|").rstrip() for line in lines]
    is_led = [line.endswith((":", ":*", ":_")) for line in bare]
    at = 0
    while at < len(lines):
        is_header, stop = _fields(bare, at) if ":" in bare[at] or bare[at].startswith(_DASHES) else (False, at)
        if not is_header and True in is_led[at : at + MOST_WRAPPED]:
            after = _attribution(lines, bare, at)
            is_header, stop = after > 0, max(after, stop)
        if is_header:
            yield at, stop
        at = max(stop, at + 1)


def ends_earlier(line: str) -> bool:
    """Return whether a line says that the quoted mail ends here: "--- end ---"."""
    return _ENDED.fullmatch(line.strip()) is not None


def _fields(lines: Sequence[str], at: int) -> tuple[bool, int]:
    """Return whether fields that stand below each other ("Von: …", "Gesendet: …"), with a line of dashes above, are a
    header, and the line after them.
    """
    line = lines[at]
    is_parted = bool(_PARTED.fullmatch(line) or _BEGUN.fullmatch(line))
    if not is_parted and not _RULE.fullmatch(line) and not _FIELD.match(line):
        return False, at
    first = stop = at + (is_parted or _RULE.fullmatch(line) is not None)
    kinds = set[int | None]()
    while stop < min(len(lines), first + MOST_FIELD_LINES):
        if _FIELD.match(lines[stop]):
            kinds |= {field.lastindex for field in _FIELD.finditer(lines[stop])}
        elif not (kinds and lines[stop - 1].endswith((";", ",")) and "@" in lines[stop]):
            break
        stop += 1
    if 1 in kinds and len(kinds) >= (2 if is_parted else 3):
        return True, stop
    return (True, first) if is_parted else (False, stop)


def _attribution(lines: Sequence[str], bare: Sequence[str], at: int) -> int:
    """Return the line after "On … wrote:", which may be wrapped; 0 if there is none."""
    for stop in range(at + 1, min(len(lines), at + MOST_WRAPPED) + 1):
        last = bare[stop - 1].rstrip("*_ ")
        if last.endswith(":"):
            text = " ".join(bare[at:stop])[: MOST_CHARACTERS + 1]
            is_followed = stop < len(lines) and lines[stop].lstrip().startswith(">")
            pattern = _WROTE if stop == at + 1 else _WRAPPED
            is_written = len(text) <= MOST_CHARACTERS and pattern.fullmatch(text)
            return stop if is_written and (is_followed or _SURE.search(text)) else 0
        if not last or last.endswith((".", "!", "?")):
            break
    return 0


_WRAPPED = re.compile(rf"[*_]*{_ON}\s{_VERB}(?:\s.{{1,200}}?)?\s?:[*_]*", re.IGNORECASE)

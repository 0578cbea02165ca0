"""Translates web pages, e-books and mails. Only text and a few attributes change. All other markup stays verbatim."""

from __future__ import annotations

import email
import email.policy
import html
import re
from collections.abc import Iterator
from email.message import EmailMessage

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.children.formats.containers import Archive
from slmdesk.children.formats.hypertext import locked_parts
from slmdesk.children.formats.rewriting import text_files
from slmdesk.children.formats.rewriting.rewriters import LeftAsIs, Options, Rewriting, Unit, Units, said
from slmdesk.children.formats.rewriting.text_files import Mark, Piece, Stretch, TextFile

_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<[!?][^>]*>|</?[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.DOTALL
)
_NAME = re.compile(r"</?\s*([a-zA-Z][\w:-]*)")
_ATTRIBUTE = re.compile(r"\b(alt|title|placeholder|aria-label|summary)(\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_IN_CODE = re.compile(r"<(code|kbd|samp|tt|var)\b[^>]*>(.*)</\1\s*>$", re.DOTALL | re.IGNORECASE)
_HTML = re.compile(r"<html\b[^<>]*>", re.IGNORECASE)
_LANG = re.compile(r"(\b(?:xml:)?lang\s*=\s*)(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_DIR = re.compile(r"(\bdir\s*=\s*)(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_BOOK_LANGUAGE = re.compile(rb"(<dc:language[^<>]*>)[^<>]*(</dc:language>)")
_CONTENT = re.compile(r"\bcontent(\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_DESCRIBED = re.compile(r"\b(?:name|property)\s*=\s*[\"']?(?:og:|twitter:)?(?:description|title)\b", re.IGNORECASE)
_NOT_TRANSLATED = re.compile(r"\btranslate\s*=\s*[\"']?no\b|\bclass\s*=\s*[\"'][^\"']*\bnotranslate\b", re.IGNORECASE)
_INLINE = frozenset(
    ("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn", "em", "font", "i",
     "img", "input", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
     "strong", "sub", "sup", "time", "tt", "u", "var", "wbr")
)  # fmt: skip
_LONE = frozenset(("img", "br", "input", "wbr"))
_RAW = frozenset(("script", "style", "svg", "math", "textarea", "template", "noscript", "object", "iframe"))
_CODE = frozenset(("pre",))
_WHY = {"pre": "code", "script": "", "style": ""}
_KEPT_INLINE = frozenset(("code", "kbd", "samp", "tt", "var"))


class _Token(Record):
    start: int
    end: int
    raw: str
    name: str = ""
    """Name of the element, or "" for text, comments and the like."""
    is_text: bool = False
    is_end: bool = False
    kept: str = ""
    """The reason why the element is not translated, or "" if it is. Its text is in `words`."""
    words: str = ""


def rewrite(rewriting: Rewriting) -> Units:
    file = TextFile(rewriting)
    yield from _units(file, rewriting, "")
    _name_language(file, rewriting.options)
    file.close()


def rewrite_epub(rewriting: Rewriting) -> Units:
    reading = rewriting.reading
    with Archive.opened(reading) as archive:
        locked = locked_parts(archive, reading.path)
        for name in archive.names:
            reading.check()
            if name in locked:
                yield LeftAsIs("page", name.rpartition("/")[2], "locked")
                continue
            if name.lower().endswith(".opf"):
                _name_book_language(rewriting, name, archive.read(name))
            if not name.lower().endswith((".xhtml", ".html", ".htm", ".ncx")):
                continue
            inner = rewriting.inside(archive.read(name))
            file = TextFile(inner)
            yield from _units(file, inner, name.rpartition("/")[2])
            if file.is_changed:
                _name_language(file, rewriting.options)
                file.close()
                rewriting.put(name, inner.data or b"")


def _name_language(file: TextFile, options: Options) -> None:
    tag = _HTML.search(file.text)
    if tag is None or not options.language or not file.is_changed:
        return
    raw = _LANG.sub(lambda match: f'{match[1]}"{options.language}"', tag[0])
    if not _LANG.search(raw):
        raw = f'{raw[:5]} lang="{options.language}"{raw[5:]}'
    side = "rtl" if options.is_right_to_left else "ltr"
    if _DIR.search(raw):
        raw = _DIR.sub(lambda match: f'{match[1]}"{side}"', raw)
    elif options.is_right_to_left:
        raw = f'{raw[:5]} dir="{side}"{raw[5:]}'
    file.put(tag.start(), tag.end(), raw)


def _name_book_language(rewriting: Rewriting, name: str, data: bytes) -> None:
    language = rewriting.options.language.encode()
    if language and _BOOK_LANGUAGE.search(data):
        rewriting.put(name, _BOOK_LANGUAGE.sub(lambda match: match[1] + language + match[2], data, count=1))


def _units(file: TextFile, rewriting: Rewriting, place: str) -> Units:
    line: list[_Token] = []
    places = _Places(file.text, place)
    for token in _shown(file.text):
        rewriting.reading.check()
        if token.name in ("pre",) or (token.name in _RAW and not token.is_text and token.raw.startswith("<")):
            yield from _line(file, line, places.of_line(line))
            line = []
            continue
        if token.kept:
            yield from said(token.kept, places.at(token.start), _plain(token.words).strip())
        if token.is_text or (token.kept and token.raw) or token.name in _INLINE:
            line.append(token)
        else:
            yield from _line(file, line, places.of_line(line))
            line = []
            yield from _attributes(file, token, places.at(token.start))
    yield from _line(file, line, places.of_line(line))


class _Places:
    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name
        self._at, self._number = 0, 1

    def at(self, start: int) -> str:
        """Return a position's line as text. Call it nearly in order, so that each character is scanned about once."""
        if self._name:
            return self._name
        first, last = sorted((self._at, start))
        crossed = self._text.count("\n", first, last)
        self._number += crossed if start >= self._at else -crossed
        self._at = start
        return f"line {self._number}"

    def of_line(self, line: list[_Token]) -> str:
        """Return the location of the first text among the tokens. Tokens before the text may begin lines above."""
        first = next((token for token in line if not token.is_text or token.raw.strip()), None)
        if first is None:
            return self._name
        return self.at(first.start + len(first.raw) - len(first.raw.lstrip()))


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() > at:
            yield _Token(at, match.start(), text[at : match.start()], is_text=True)
        match_name = _NAME.match(match[0])
        name = match_name[1].lower() if match_name else ""
        yield _Token(match.start(), match.end(), match[0], name, is_end=match[0].startswith("</"))
        at = match.end()
    if at < len(text):
        yield _Token(at, len(text), text[at:], is_text=True)


def _shown(text: str) -> Iterator[_Token]:
    """Yield the tokens, but not the content of raw elements and of elements marked as not to be translated. An inline
    element of these kinds becomes a single token with all its markup.
    """
    opening, depth, words = None, 0, list[str]()
    for token in _tokens(text):
        if opening is None:
            starts = token.name and not token.is_end and not token.raw.endswith("/>") and token.name not in _LONE
            if starts and (token.name in _RAW or token.name in _CODE or _NOT_TRANSLATED.search(token.raw)):
                opening, depth, words = token, 1, []
                if token.name in _INLINE:
                    continue
            yield token
            continue
        if token.name == opening.name:
            if token.is_end:
                depth -= 1
            elif not token.raw.endswith("/>"):
                depth += 1
        elif token.is_text:
            words.append(token.raw.strip())
        if not depth:
            yield from _kept(text, opening, token, " ".join(words))
            opening = None


def _kept(text: str, opening: _Token, closing: _Token, words: str) -> Iterator[_Token]:
    why = _WHY.get(opening.name, "markup" if opening.name in _RAW else "not_wanted")
    if opening.name in _INLINE:
        yield _Token(opening.start, closing.end, text[opening.start : closing.end], kept=why, words=words)
        return
    if why:
        yield _Token(closing.start, closing.start, "", kept=why, words=words)
    yield closing


def _line(file: TextFile, line: list[_Token], place: str) -> Units:
    if not any(token.is_text and token.raw.strip() for token in line):
        for token in line:
            yield from _attributes(file, token, place)
        return
    pieces = list(_pieces(line))
    for piece in pieces:
        is_said = _NOT_TRANSLATED.search(piece.raw.partition(">")[0])
        if piece.mark is Mark.LONE and not is_said and (code := _IN_CODE.match(piece.raw)):
            yield from said("code", place, _plain(code[2]).strip())
    stretch = Stretch(pieces, plain=_plain, escaped=_escaped)
    if stretch.has_words:
        answer = yield Unit(stretch.text, stretch.tags, "paragraph", place)
        if answer is not None:
            file.put(line[0].start, line[-1].end, stretch.written(answer))
    else:
        for token in line:
            yield from _attributes(file, token, place)


def _pieces(line: list[_Token]) -> Iterator[Piece]:
    kept: list[_Token] = []
    for token in line:
        if kept:
            kept.append(token)
            if token.is_end and token.name == kept[0].name:
                yield Piece(Mark.LONE, "".join(token.raw for token in kept))
                kept = []
        elif token.is_text:
            yield Piece(Mark.WORDS, token.raw)
        elif not token.name or token.name in _LONE or token.raw.endswith("/>"):
            yield Piece(Mark.LONE, token.raw)
        elif token.name in _KEPT_INLINE and not token.is_end:
            kept = [token]
        else:
            yield Piece(Mark.CLOSE if token.is_end else Mark.OPEN, token.raw, token.name)
    for token in kept:
        yield Piece(Mark.WORDS if token.is_text else Mark.LONE, token.raw)


def _plain(raw: str) -> str:
    """Return the text that a piece of HTML source means. Line ends become spaces."""
    return re.sub(r"[ \t\r\n\f]+", " ", html.unescape(raw))


def _escaped(words: str) -> str:
    return html.escape(words, quote=False)


def _attributes(file: TextFile, token: _Token, place: str) -> Units:
    if token.is_text or not token.name or token.is_end:
        return
    if token.name == "meta" and _DESCRIBED.search(token.raw):
        content = _CONTENT.search(token.raw)
        spans = [(content.start(2), content.end(2), content[2])] if content else []
    else:
        spans = [(match.start(3), match.end(3), match[3]) for match in _ATTRIBUTE.finditer(token.raw)]
    for start, end, quoted in spans:
        words = html.unescape(quoted[1:-1])
        if any(letter.isalpha() for letter in words):
            answer = yield Unit(words.strip(), kind="alt_text", place=place)
            if answer is not None:
                file.put(token.start + start, token.start + end, f'"{html.escape(answer)}"')


HEAD_BYTES = 4_096


def rewrite_mail(rewriting: Rewriting) -> Units:
    reading = rewriting.reading
    message = email.message_from_bytes(reading.all_bytes(), policy=email.policy.default)
    if not isinstance(message, EmailMessage) or not message.keys():
        raise KnownError("document.damaged", path=reading.path, reason=_("it is no mail"))
    is_changed = False
    subject = str(message["subject"] or "").strip()
    if any(letter.isalpha() for letter in subject):
        answer = yield Unit(subject, kind="title", place="subject")
        if answer is not None:
            del message["subject"]
            message["Subject"] = answer
            is_changed = True
    for part in _own_parts(message):
        reading.check()
        kind = part.get_content_type()
        if part.is_attachment() or kind not in ("text/plain", "text/html"):
            is_signature = kind in ("application/pgp-signature", "application/pkcs7-signature")
            yield LeftAsIs("signature" if is_signature else "embedded", "", str(part.get_filename() or kind)[:80])
            continue
        is_changed |= yield from _part(part, kind, rewriting)
    untrusted = reading.all_bytes()
    line_end = "\r\n" if b"\r\n" in untrusted[:HEAD_BYTES] else "\n"
    policy = email.policy.default.clone(linesep=line_end, refold_source="none")
    rewriting.data = message.as_bytes(policy=policy) if is_changed else untrusted


def _own_parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the parts of a mail. A nested mail is one part, whatever it contains."""
    if message.is_multipart() and message.get_content_maintype() == "multipart" and not message.is_attachment():
        for part in message.iter_parts():
            if isinstance(part, EmailMessage):
                yield from _own_parts(part)
    else:
        yield message


def _part(part: EmailMessage, kind: str, rewriting: Rewriting) -> Units:
    """Yield the units of a text part. The generator returns whether the part was changed."""
    try:
        words = part.get_content()
    except (LookupError, UnicodeError, KeyError):  # an unknown charset
        words = part.get_payload(decode=True).decode("utf-8", "replace")  # type: ignore[union-attr]
    inner = rewriting.inside(str(words).encode("utf-8", "replace"))
    inner.reading.encoding = "utf-8"
    if kind == "text/plain":
        yield from text_files.rewrite_plain(inner)
    else:
        yield from rewrite(inner)
    made = (inner.data or b"").decode("utf-8", "replace")
    if made == str(words):
        return False
    part.set_content(made, subtype=kind.partition("/")[2], charset="utf-8")
    return True

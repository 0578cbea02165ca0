"""Handles text whose formatting is marked with numbered tags: parses it, cuts it into segments, inserts tags, replaces
words. Also splits and checks subtitles.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Mapping
from enum import StrEnum

from slmdesk.base.record import Record, changed
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.base.translation import SegmentFlag

_TAG = re.compile(r"<(/?)(\d{1,6})(/?)>")
_LOOSE = re.compile(r"(?:<|＜|&lt;)\s*([/／]?)\s*(\d{1,6})\s*([/／]?)\s*(?:>|＞|&gt;)")
"""Matches tags in the forms that models write: with spaces, in full width, or escaped."""


class Side(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    LONE = "lone"


class Tag(Record):
    side: Side
    number: int

    def __str__(self) -> str:
        match self.side:
            case Side.OPEN:
                return f"<{self.number}>"
            case Side.CLOSE:
                return f"</{self.number}>"
            case Side.LONE:
                return f"<{self.number}/>"


class Tags(Record):
    """Numbers of the tags a text must have: each pair once around words, and each lone tag once."""

    paired: tuple[int, ...] = ()
    lone: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.paired or self.lone)


class TagProblem(Record):
    """Fault of a tag in a translation. `kind` is `missing`, `repeated`, `unclosed`, `crossed` or `unknown`."""

    kind: str
    number: int


def first_number(*texts: str) -> int:
    """Return the first number to use for tags. It is above any number in tag-like text ("<7>") of the texts."""
    return max((int(match[2]) for text in texts for match in _LOOSE.finditer(text)), default=0) + 1


def pieces(text: str, tags: Tags) -> list[str | Tag]:
    """Split a text into words and tags. Tag-like text that is none of `tags` stays text."""
    parts: list[str | Tag] = []
    at = 0
    paired, lone = frozenset(tags.paired), frozenset(tags.lone)
    for match in _TAG.finditer(text):
        tag = _tag(match, paired, lone)
        if tag is None:
            continue
        if match.start() > at:
            parts.append(text[at : match.start()])
        parts.append(tag)
        at = match.end()
    if at < len(text):
        parts.append(text[at:])
    return parts


def _tag(match: re.Match[str], paired: frozenset[int], lone: frozenset[int]) -> Tag | None:
    closes, number, is_lone = bool(match[1]), int(match[2]), bool(match[3])
    if closes and is_lone:
        return None
    if is_lone:
        return Tag(Side.LONE, number) if number in lone else None
    return Tag(Side.CLOSE if closes else Side.OPEN, number) if number in paired else None


def plain(text: str, tags: Tags) -> str:
    """Return the text without tags. A lone tag between two words without a space becomes a space."""
    words: list[str] = []
    for piece in pieces(text, tags):
        if isinstance(piece, str):
            words.append(piece)
        elif piece.side is Side.LONE and words and words[-1] and not words[-1][-1].isspace():
            words.append(" ")
    return re.sub(r"[^\S\n]{2,}", " ", "".join(words)).strip()


def problems(text: str, tags: Tags) -> list[TagProblem]:
    """Return the faults of a translation's tags by number, or an empty list if all tags are right.

    A tag whose number the source does not have was made up by the model and is `unknown`.
    """
    parts = pieces(text, tags)
    counts = Counter(tag for tag in parts if isinstance(tag, Tag))
    wrong = [TagProblem("unknown", number) for number in _unknown(parts, tags)]
    for number in tags.lone:
        wrong += _counted(counts[Tag(Side.LONE, number)], number)
    for number in tags.paired:
        opened, closed = counts[Tag(Side.OPEN, number)], counts[Tag(Side.CLOSE, number)]
        if opened != closed:
            wrong.append(TagProblem("unclosed", number))
        else:
            wrong += _counted(opened, number)
    if not wrong:
        wrong = [TagProblem("crossed", number) for number in _crossed(parts)]
    return sorted(wrong, key=lambda problem: problem.number)


def _counted(count: int, number: int) -> list[TagProblem]:
    if count == 1:
        return []
    return [TagProblem("repeated" if count else "missing", number)]


def _unknown(parts: Collection[str | Tag], tags: Tags) -> list[int]:
    least = min((*tags.paired, *tags.lone), default=0)
    if not least:
        return []
    known = {*tags.paired, *tags.lone}
    numbers = {
        int(match[2])
        for words in parts
        if isinstance(words, str)
        for match in _TAG.finditer(words)
        if int(match[2]) >= least
    }
    return sorted(numbers - known)


def _crossed(parts: Collection[str | Tag]) -> list[int]:
    opened: list[int] = []
    for tag in parts:
        if isinstance(tag, str) or tag.side is Side.LONE:
            continue
        if tag.side is Side.OPEN:
            opened.append(tag.number)
        elif not opened or opened.pop() != tag.number:
            return [tag.number]
    return []


def mended(text: str, tags: Tags) -> str:
    """Bring the tags of a translation into the standard form: no spaces, plain signs, lone tags self-closed.

    Only unambiguous tags are rewritten. None are moved or added.
    """

    def standard(match: re.Match[str]) -> str:
        number = int(match[2])
        if number in tags.lone:
            return str(Tag(Side.LONE, number)) if not match[1] or number not in tags.paired else match[0]
        if number in tags.paired and not (match[1] and match[3]):
            return str(Tag(Side.CLOSE if match[1] or match[3] else Side.OPEN, number))
        return match[0]

    text = _LOOSE.sub(standard, text)
    for number in tags.lone:  # "<2/></2>" and the like
        lone = str(Tag(Side.LONE, number))
        text = re.sub(rf"(?:{re.escape(lone)}\s*)+{re.escape(lone)}", lone, text)
    return text


def without_strangers(text: str, tags: Tags, source: str) -> str:
    """Remove tags that a model copied from another sentence. They would otherwise be read as tags of that sentence.
    Tag-like text of the source is kept, and so is what `problems` reports.
    """
    known = {*tags.paired, *tags.lone}
    least = min(known, default=0)

    def without_strange(match: re.Match[str]) -> str:
        number = int(match[2])
        is_strange = number not in known and (not least or number < least) and match[0] not in source
        return "" if is_strange else match[0]

    return re.sub(r"[^\S\n]{2,}", " ", clean).strip() if (clean := _TAG.sub(without_strange, text)) != text else text


def tag_spans(text: str, tags: Tags) -> list[tuple[int, int]]:
    """Return the positions of tags with these numbers in order, including the forms that models write."""
    numbers = {*tags.paired, *tags.lone}
    return [match.span() for match in _LOOSE.finditer(text) if int(match[2]) in numbers]


def stripped(text: str, tags: Tags) -> tuple[str, str, str]:
    """Split a text into (before, the words, after).

    Spaces and lone tags at the ends are not translated. They are set aside and put back later. Pairs stay.
    """
    parts = pieces(text, tags)
    start, end = 0, len(parts)
    before, after = "", ""
    while start < end and _is_wordless(parts[start]):
        before += str(parts[start])
        start += 1
    while end > start and _is_wordless(parts[end - 1]):
        end -= 1
        after = str(parts[end]) + after
    middle = "".join(str(part) for part in parts[start:end])
    lead = middle[: len(middle) - len(middle.lstrip())]
    tail = middle[len(middle.rstrip()) :] if middle.strip() else ""
    return before + lead, middle.strip(), tail + after


def _is_wordless(part: str | Tag) -> bool:
    return not part.strip() if isinstance(part, str) else part.side is Side.LONE


def tags_in(text: str, tags: Tags) -> Tags:
    inside = [piece for piece in pieces(text, tags) if isinstance(piece, Tag)]
    return Tags(
        tuple(tag.number for tag in inside if tag.side is Side.OPEN),
        tuple(tag.number for tag in inside if tag.side is Side.LONE),
    )


_WORD = re.compile(r"\w+(?:['’-]\w+)*")
FIGURES_MORE = 2
"""Most additional words by which a span may be longer than its phrase in order to include the phrase's numbers."""
LEAST_DOUBLED = 4
"""Fewest letters of words that are reported as written twice. Shorter words may be needed twice."""
_SIGNS = ".,;:!?()[]\"'“”„«»…"


class Phrase(Record):
    number: int
    text: str
    """The words inside the tag, without tags. Empty for a lone tag."""
    start: int
    end: int
    """`start` and `end` count the characters of the text without tags."""


def phrases_of(text: str, tags: Tags) -> tuple[str, list[Phrase]]:
    """Return the text without its tags, and the phrases the tags enclosed. Outer pairs come before inner ones."""
    words: list[str] = []
    length = 0
    opened: dict[int, int] = {}
    phrases: list[Phrase] = []
    for piece in pieces(text, tags):
        if isinstance(piece, str):
            words.append(piece)
            length += len(piece)
        elif piece.side is Side.LONE:
            phrases.append(Phrase(piece.number, "", length, length))
        elif piece.side is Side.OPEN:
            opened[piece.number] = length
        else:
            start = opened.pop(piece.number, length)
            phrases.append(Phrase(piece.number, "".join(words)[start:length], start, length))
    return "".join(words), sorted(phrases, key=lambda phrase: (phrase.start, -phrase.end, phrase.number))


def occurrences(text: str, words: str) -> list[tuple[int, int]]:
    if not words:
        return []
    begins = r"(?<!\w)" if words[0].isalnum() else ""
    ends = r"(?!\w)" if words[-1].isalnum() else ""
    return [match.span() for match in re.finditer(begins + re.escape(words) + ends, text)]


def verbatim(target: str, phrase: str) -> bool:
    """Return whether a translation has a phrase unchanged and exactly once, so that its position is certain.

    Only phrases with a digit or a capital letter count. Lower-case words alone may mean something else in the other
    language ("not", "fast", "also").
    """
    words = phrase.strip()
    return any(sign.isdigit() or sign.isupper() for sign in words) and len(occurrences(target, words)) == 1


def span_of(source: str, target: str, phrase: Phrase, words: str) -> tuple[int, int] | None:
    """Return where the words that stand for a phrase are in the translation, or None. Of several positions, the one
    closest to the phrase's relative position in the source is taken. Signs at the ends of the phrase are included if
    the translation has them.
    """
    spans = occurrences(target, words)
    if not spans:
        return None
    share = (phrase.start + phrase.end) / 2 / max(1, len(source))
    start, end = min(spans, key=lambda span: abs((span[0] + span[1]) / 2 / max(1, len(target)) - share))
    start, end = _with_figures(target, phrase, start, end)
    bare = phrase.text.strip()
    if bare and bare[-1] in _SIGNS and target[end : end + 1] == bare[-1]:
        end += 1
    if bare and bare[0] in _SIGNS and start and target[start - 1] == bare[0]:
        start -= 1
    return start, end


def _with_figures(target: str, phrase: Phrase, start: int, end: int) -> tuple[int, int]:
    """Extend a span to the numbers of its phrase beside it: "innerhalb" to "innerhalb von 14 Tagen"."""
    longest = len(phrase.text.split()) + FIGURES_MORE
    for figures in re.findall(r"\d+", phrase.text):
        for first, last in occurrences(target, figures):
            wide = min(start, first), max(end, last)
            if len(target[slice(*wide)].split()) <= longest:
                start, end = wide
    following = re.compile(r"\s+(\w+)").match(target, end)  # "14" alone is half of "14 Tagen"
    if target[:end][-1:].isdigit() and following and not phrase.text.rstrip()[-1:].isdigit():
        end = following.end()
    return start, end


def emptied(source: str, target: str, tags: Tags) -> list[int]:
    full = {phrase.number for phrase in phrases_of(source, tags)[1] if phrase.text.strip()}
    return [
        phrase.number for phrase in phrases_of(target, tags)[1] if phrase.number in full and not phrase.text.strip()
    ]


def doubled(source: str, target: str, tags: Tags) -> list[int]:
    """Return the numbers of pairs whose words occur once more outside of the pair, unlike in the source. Small models
    repeat words to have a place for the tags ("ist hier verfügbar <1>hier</1>").
    """
    bare_source, before = phrases_of(source, tags)
    bare_target, after = phrases_of(target, tags)
    single = {phrase.number for phrase in before if _count(bare_source, phrase) == 1}
    return [
        phrase.number
        for phrase in after
        if phrase.number in single and len(phrase.text.strip()) >= LEAST_DOUBLED and _count(bare_target, phrase) > 1
    ]


def _count(text: str, phrase: Phrase) -> int:
    return len(occurrences(text.casefold(), phrase.text.strip().casefold()))


def placed(source: str, target: str, phrases: list[Phrase], spans: Mapping[int, tuple[int, int]]) -> str:
    """Return the translation with all tags. Pairs go to their `spans` (by number) if these do not cross. Other pairs
    and lone tags go to the same relative position as in the source, at the end of a word.
    """
    chosen: dict[int, tuple[int, int]] = {}
    for index, phrase in enumerate(phrases):
        if phrase.text:
            chosen[phrase.number] = _chosen(source, target, phrase, phrases[:index], spans, chosen)
    marks: list[tuple[int, int, int, int, str]] = []
    order = {phrase.number: index for index, phrase in enumerate(phrases)}
    for number, (start, end) in chosen.items():
        rank = order[number]
        # at one position: closing tags first (inner before outer), opening tags last (outer before inner)
        marks.append((start, 2, start - end, rank, str(Tag(Side.OPEN, number))))
        marks.append((end, 0 if end > start else 3, -start, -rank, str(Tag(Side.CLOSE, number))))
    for phrase in phrases:
        if not phrase.text:
            place = _lone_place(source, target, phrase.start)
            marks.append((place, 1, order[phrase.number], 0, str(Tag(Side.LONE, phrase.number))))
    result, at = [], 0
    for place, *_, tag in sorted(marks):
        result += [target[at:place], tag]
        at = place
    return "".join((*result, target[at:]))


def _chosen(
    source: str,
    target: str,
    phrase: Phrase,
    before: list[Phrase],
    spans: Mapping[int, tuple[int, int]],
    chosen: Mapping[int, tuple[int, int]],
) -> tuple[int, int]:
    """Return a pair's span, inside those of the pairs that enclose it. Pairs around the same words get the same one."""
    outer = [around for around in before if around.text and around.start <= phrase.start and phrase.end <= around.end]
    same = next(
        (around for around in outer if (around.start, around.end) == (phrase.start, phrase.end)),
        None,
    )
    if same is not None:
        return chosen[same.number]
    places = [spans[phrase.number]] if phrase.number in spans else []
    if outer:
        begin, end = chosen[outer[-1].number]
        inside = changed(phrase, start=phrase.start - outer[-1].start, end=phrase.end - outer[-1].start)
        first, last = _by_share(outer[-1].text, target[begin:end], inside)
        places += [(begin + first, begin + last), (begin, end)]
    else:
        places.append(_by_share(source, target, phrase))
    others = [span for number, span in chosen.items() if number not in {phrase.number for phrase in outer}]
    for span in places:
        is_inside = all(chosen[phrase.number][0] <= span[0] < span[1] <= chosen[phrase.number][1] for phrase in outer)
        if is_inside and not any(_cross(span, other) for other in others):
            return span
    place = max((chosen[phrase.number][0] for phrase in outer), default=len(target))
    return place, place


def _lone_place(source: str, target: str, at: int) -> int:
    """Return the position for a lone tag: after the same sign as in the source, if both texts have equally many of that
    sign, else at the same relative position.
    """
    sign = source[at - 1 : at]
    if sign and sign in ":;!?" and source.count(sign) == target.count(sign):
        place = -1
        for _ in range(source[:at].count(sign)):
            place = target.index(sign, place + 1)
        return place + 1
    return _word_end(target, _shared(source, target, at))


def _cross(span: tuple[int, int], other: tuple[int, int]) -> bool:
    (first, second) = sorted((span, other))
    return first[0] < second[0] < first[1] < second[1] or (first == second and first[0] != first[1])


def _shared(source: str, target: str, at: int) -> int:
    return round(at * len(target) / max(1, len(source)))


def _by_share(source: str, target: str, phrase: Phrase) -> tuple[int, int]:
    words = [(match.start(), match.end()) for match in _WORD.finditer(target)]
    if not words:
        return len(target), len(target)
    before = len(source[: phrase.start].split())
    inside = max(1, len(phrase.text.split()))
    total = max(before + inside, len(source.split()))
    first = min(len(words) - 1, before * len(words) // total)
    last = max(first, min(len(words) - 1, -(-(before + inside) * len(words) // total) - 1))
    return words[first][0], words[last][1]


def _word_end(text: str, at: int) -> int:
    while at < len(text) and text[at].isalnum():
        at += 1
    return min(at, len(text))


class Segment(Record):
    """Part of a text. The `lead`, `text` and `trail` of all segments, joined, are the whole text."""

    text: str
    tags: Tags
    lead: str = ""
    trail: str = ""


def segments_of(text: str, tags: Tags, language: str = "") -> list[Segment]:
    """Split a text into its sentences. A sentence with only one tag of a pair is joined with the next sentence.

    A pair around a whole sentence is set aside like the spaces, since a bare sentence is easier to translate and to
    find in the translation memory.
    """
    parts = pieces(text, tags)
    words, places = _words_and_places(parts)
    cuts = [places[start] for start, _ in sentence_spans(words, language)][1:]
    inside = _inside_pairs(parts)
    cuts = [cut for cut in cuts if not any(start < cut < end for start, end in inside)]
    bounds = [0, *sorted(set(cuts)), len(text)]
    segments: list[Segment] = []
    for start, end in itertools.pairwise(bounds):
        segments.append(segment_of(text[start:end], tags))
    return _joined(segments)


def _words_and_places(parts: list[str | Tag]) -> tuple[str, list[int]]:
    words: list[str] = []
    places: list[int] = []
    at = 0
    pending: int | None = None
    for part in parts:
        if isinstance(part, Tag):
            if part.side is Side.OPEN and pending is None:
                pending = at
            at += len(str(part))
            continue
        for letter in part:
            places.append(pending if pending is not None and not letter.isspace() else at)
            if not letter.isspace():
                pending = None
            words.append(letter)
            at += 1
    return "".join(words), places


def _inside_pairs(parts: list[str | Tag]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    opened: dict[int, int] = {}
    at = 0
    for part in parts:
        length = len(str(part))
        if isinstance(part, Tag) and part.side is Side.OPEN:
            opened[part.number] = at
        elif isinstance(part, Tag) and part.side is Side.CLOSE and part.number in opened:
            pairs.append((opened.pop(part.number), at + length))
        at += length
    return pairs


_BOX = re.compile(r"\s*(?:<(\d{1,6})>\s*[☐☑☒✓✔✗✘]\s*</\1>|[☐☑☒✓✔✗✘])\s*")
"""Matches a box before its words, in a pair of tags of its own if it looks different."""


def segment_of(text: str, tags: Tags) -> Segment:
    """Return a segment. Boxes before its words are set aside: no model may lose or tick them."""
    lead, middle, trail = stripped(text, tags)
    while True:
        box = _BOX.match(middle)
        if box and box.end() < len(middle) and (not box[1] or int(box[1]) in tags.paired):
            lead, middle = lead + box[0], middle[box.end() :]
        elif (inner := unwrapped(middle, tags)) is not None:
            opening, middle, closing = inner
            before, middle, after = stripped(middle, tags)
            lead, trail = lead + opening + before, after + closing + trail
        else:
            break
    return Segment(middle, tags_in(middle, tags), lead, trail)


def unwrapped(text: str, tags: Tags) -> tuple[str, str, str] | None:
    """Return (opening tag, content, closing tag) if one pair encloses all of a text, else None."""
    parts = pieces(text, tags)
    if len(parts) < 3 or not isinstance(parts[0], Tag) or parts[0].side is not Side.OPEN:
        return None
    if parts[-1] != Tag(Side.CLOSE, parts[0].number):
        return None
    opening, closing = str(parts[0]), str(parts[-1])
    return opening, text[len(opening) : len(text) - len(closing)], closing


def _joined(segments: list[Segment]) -> list[Segment]:
    result: list[Segment] = []
    for segment in segments:
        if result and not segment.text:
            last = result[-1]
            result[-1] = Segment(last.text, last.tags, last.lead, last.trail + segment.lead + segment.trail)
        else:
            result.append(segment)
    return result


# Checks that subtitles are readable. At most two lines of 42 characters, and no faster than people read. Netflix,
# Timed Text Style Guide (General Requirements, English): 42 characters a line, two lines, 20 characters a second for
# adults. European broadcasters ask for 37 to 42 and 15 to 17.

LINE_CHARACTERS = 42
MOST_LINES = 2
READING_SPEED = 20.0
"""Most characters per second of a subtitle."""
KIND = "subtitle"
"""Kind of the units of subtitles. Their place is the time as the file has it."""
_TIME = r"((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})"
_TIMES = re.compile(rf"{_TIME}\s*-->\s*{_TIME}")
_MARKUP = re.compile(r"<[^<>\n]*>|\{[^{}\n]*\}")
_BLANK = re.compile(r" +(?![^<> ]*(?: [^<>]*)?>)(?![^{}]*\})")


def lines_of(words: str, count: int) -> list[str]:
    """Split the words of a cue into lines of about equal length: one line if it fits, else as few as keep each within
    42 characters. There are at most two lines, or `count` if the cue had more.
    """
    if len(shown(words)) <= LINE_CHARACTERS:
        return [words]
    most = max(count, MOST_LINES)
    for number in range(2, most + 1):
        lines = _balanced(words, number)
        if all(len(shown(line)) <= LINE_CHARACTERS for line in lines):
            return lines
    return _balanced(words, most)


def shown(words: str) -> str:
    return _MARKUP.sub("", words)


def _balanced(words: str, count: int) -> list[str]:
    parts = _BLANK.split(words)
    lines: list[str] = []
    for left in range(count, 1, -1):
        goal, best, size = len(shown(" ".join(parts))) / left, 1, 0
        for index, part in enumerate(parts[:-1], start=1):
            if index > 1:  # a blank before it
                size += 1
            size += len(shown(part))
            best = index
            if size + (len(shown(parts[index])) + 1) / 2 > goal:
                break
        lines.append(" ".join(parts[:best]))
        parts = parts[best:]
        if not parts:
            return lines
    return [*lines, " ".join(parts)]


def seconds_of(place: str) -> float | None:
    """Return how long a cue is shown, from its times, or None if the text has no times."""
    times = _TIMES.search(place)
    return None if times is None else _seconds(times[2]) - _seconds(times[1])


def _seconds(time: str) -> float:
    seconds = 0.0
    for part in time.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def reading_flags(source: str, target: str, place: str) -> tuple[SegmentFlag, ...]:
    """Return flags for an unreadable cue: `line_length` with the longest line, `reading_speed` with characters per
    second.

    A cue is not flagged if the source is as long or as fast.
    """
    flags = []
    longest = max((len(shown(line)) for line in lines_of(target, MOST_LINES)), default=0)
    if longest > max(LINE_CHARACTERS, max(len(shown(line)) for line in lines_of(source, MOST_LINES))):
        flags.append(SegmentFlag("line_length", str(longest), str(LINE_CHARACTERS)))
    seconds = seconds_of(place)
    if seconds is not None and len(shown(target)) > max(READING_SPEED * seconds, len(shown(source))):
        speed = f"{len(shown(target)) / seconds:.0f}" if seconds > 0 else "∞"
        flags.append(SegmentFlag("reading_speed", speed, f"{READING_SPEED:.0f}"))
    return tuple(flags)

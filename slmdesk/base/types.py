"""Values passed between packages (without Qt, database rows or libraries), and attributes created at first use."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from msgspec import Meta

from slmdesk.base.record import Json as Json
from slmdesk.base.record import Number, Record, changed, field
from slmdesk.base.texts import N_, _, grouped, ngettext


class Origin(StrEnum):
    """Who wrote a piece of text.  Only PROGRAM may contain a model's control tokens."""

    PROGRAM = "program"
    PERSON = "person"
    DOCUMENT = "document"
    MODEL = "model"


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Priority(StrEnum):
    """Priority of a request. Interactive work starts before background work, and may push it out."""

    INTERACTIVE = "interactive"
    BACKGROUND = "background"


class TextPart(Record):
    text: str
    origin: Origin = Origin.PERSON


MOST_PIXELS = 1 << 20
MOST_SIDE = 4096
MOST_PICTURES = 8
"""Most pictures of a conversation that a model is shown; of more, the last."""


class Picture(Record):
    """A picture for a model that sees.  `data` is base64: in the app a JPEG that the reader's child made, in a request
    to the engine the rows of its pixels (RGB).  Without data it is only counted in tokens.
    """

    width: Annotated[int, Meta(ge=1, le=MOST_SIDE)]
    height: Annotated[int, Meta(ge=1, le=MOST_SIDE)]
    data: str = ""
    id: Annotated[str, Meta(max_length=64)] = ""
    """The same for the same picture alone, whatever its data here."""


class ChatMessage(Record):
    role: Role
    parts: tuple[TextPart, ...]
    pictures: tuple[Picture, ...] = ()
    """Shown to the model in front of the words."""

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


class PromptPart(Record):
    """A piece of a rendered prompt. Control tokens are only recognised in `trusted` pieces."""

    text: str
    trusted: bool
    picture: Picture | None = None
    """Stands in place of the text."""


THINKING_OFF, THINKING_ON, THINKING_USUAL = "off", "on", "usual"
THINKING_LEVELS = ("low", "medium", "high")
THINKING = (THINKING_OFF, THINKING_USUAL, THINKING_ON, *THINKING_LEVELS)
"""How much a model that can think before it answers should do so. `usual` means the default of the model's makers."""
MOST_THOUGHT_TOKENS, MOST_THOUGHT_SECONDS = 2048, 180.0
"""Most tokens and seconds of reasoning before the model must answer, because small models may reason in circles."""


Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]


MOST_STRENGTH = 2.0
"""Largest strength of an adapter, as a multiple of what its makers intended. Beyond it, small models only stammer."""


class Sampling(Record):
    """How the next token is chosen. None means the model's own default, or ours if it has none. The limits keep out
    numbers that are unsafe to give to a library.
    """

    temperature: Annotated[float, Meta(ge=0, le=100)] | None = None
    top_k: Annotated[int, Meta(ge=-1, le=1 << 20)] | None = None
    top_p: Share | None = None
    min_p: Share | None = None
    repeat_penalty: Annotated[float, Meta(ge=0.01, le=100)] | None = None
    penalty_last_n: Annotated[int, Meta(ge=-1, le=1 << 20)] | None = None
    """How many tokens back the penalty looks. -1: over the whole answer. 0: it is off."""
    seed: int | None = None
    grammar: str | None = None
    """Grammar in GBNF that the answer keeps to."""
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    """Most tokens of the answer. None means as many as fit; the engine always has a limit."""
    ignore_eos: bool = False
    thinking: Annotated[str, Meta(pattern=rf"\A({'|'.join(THINKING)})\Z")] = THINKING_OFF
    thought_tokens: Annotated[int, Meta(ge=0, le=1 << 20)] | None = None
    """Most tokens of the model's thinking before the answer."""
    thought_seconds: Annotated[float, Meta(ge=0, le=1 << 20)] | None = None
    """Most seconds of the model's thinking before the answer."""

    def over(self, defaults: Sampling) -> Sampling:
        """Return a copy in which values that are None are taken from `defaults`."""
        names = ("temperature", "top_k", "top_p", "min_p", "repeat_penalty", "penalty_last_n")
        return changed(self, **{name: getattr(defaults, name) for name in names if getattr(self, name) is None})


USUAL_SAMPLING = Sampling(
    temperature=0.4,
    top_k=40,
    top_p=0.9,
    min_p=0.05,
    repeat_penalty=1.0,
    penalty_last_n=64,
)
"""Values that neither the request nor the model file sets. The temperature is lower than llama.cpp's own 0.8, since
small models invent more at high temperatures.
"""


class Offload(Record):
    """The layers of a model that a graphics card holds and computes. The processor computes the other layers."""

    device: str
    layers: int
    of: int
    """Number of all layers of the model. The output counts as a layer."""


class LoadSpec(Record):
    """How to load a model. `context_tokens` is the limit of one request. All sequences share the pool of tokens."""

    path: str
    sha256: str = ""
    context_tokens: int = 4096
    pool_tokens: int | None = None
    """Tokens of all requests together. None means as many as memory allows, at least context_tokens."""
    sequences: int | None = None
    """Most requests at the same time. None means as many as are of use."""
    threads: int | None = None
    """Number of threads. None means that it is chosen while running."""
    template: str | None = None
    """Chat template: a built-in family's name or 'plain'. None means the template in the model file."""
    template_checked: bool = False
    """Whether the file's template was already tried safely in a separate child process, for this checksum."""
    cost_curve: tuple[tuple[int, Number], ...] = ()
    """Pairs of (tokens in one decode, cost relative to one token), measured before. Empty means to measure now."""
    behaves: bool | None = None
    """Whether a test found that the file behaves like a language model, for this checksum. None means to test now."""
    measured_on: Offload | None = None
    """Where the layers were when `cost_curve` and `behaves` were measured. If they moved, both are measured again."""
    anyway: bool = False
    """Whether to load although memory seems too small, because a person asked for it."""
    use_card: bool = True
    projector: str = ""
    """Path of the file by which the model sees pictures; empty: it does not. It is loaded at the first picture."""


class MemoryParts(Record):
    """Bytes of memory that a loaded model needs."""

    weights: int
    kv_cache: int
    compute: int

    @property
    def total(self) -> int:
        return self.weights + self.kv_cache + self.compute


class Device(Record):
    name: str
    memory_bytes: int
    free_bytes: int = 0
    """Free bytes of `memory_bytes` when the device was asked. 0 if the driver does not say."""
    is_integrated: bool = False
    """Whether the device uses the PC's own memory."""


class Backends(Record):
    names: tuple[str, ...]
    devices: tuple[Device, ...]


class PcMeasurement(Record):
    bytes_per_s: Number
    """Bytes read from memory per second, with as many threads as the engine uses."""
    threads: int
    devices: tuple[Device, ...] = ()


class LoadedModel(Record):
    handle: str
    name: str
    architecture: str
    context_tokens: int
    pool_tokens: int
    sequences: int
    has_chat_template: bool
    template: str
    """The template in use: 'file', 'builtin:NAME' or 'plain'."""
    template_problem: str = ""
    """Why the file's own template is not used, in a few words. Empty if it is used."""
    memory: MemoryParts = field(default_factory=lambda: MemoryParts(0, 0, 0))
    cost_curve: tuple[tuple[int, Number], ...] = ()
    sampling_defaults: Sampling = field(default_factory=Sampling)
    sliding_window: int = 0
    behaves: bool | None = None
    """Whether the model predicts plain sentences sensibly. False: damaged or never trained. None: not tested."""
    offload: Offload | None = None
    thinking: tuple[str, ...] = ()
    """Allowed values of Sampling.thinking. Empty if the model does not think before it answers."""


class Usage(Record):
    prompt_tokens: int
    output_tokens: int
    cached_tokens: int
    """Tokens of the prompt that were in memory already and not read again."""
    context_size: int


class Timing(Record):
    first_token_s: Number
    tokens_per_s: Number


class FinishReason(StrEnum):
    STOP = "stop"
    STOP_STRING = "stop_string"
    LENGTH = "length"
    """Ended at max_tokens, or because the context is full. The answer can be continued."""
    REPEAT = "repeat"
    """Ended by the program, since the model repeated the same words over and over."""


TokenProbability: TypeAlias = tuple[int, int, float]
"""Characters of an answer that a token covers (begin, end), and the token's probability, 0..1. The probability is the
model's own, before temperature, penalties, grammar or the like. If two tokens together make one character, both cover
it.
"""


class Answer(Record):
    text: str
    finish_reason: FinishReason
    usage: Usage
    timing: Timing
    seed: int
    reproducible: bool
    """Whether the same seed gives the same text again, with an empty cache and no other request at the same time."""
    probabilities: tuple[TokenProbability, ...] = ()
    """Probability of each token that added text, in order. Empty unless the request asks for them."""
    thought: str = ""
    """What the model thought before the answer. Not part of `text`."""
    thought_seconds: Number = 0.0
    """Seconds from the first token to the end of the thinking."""


class AttachMode(StrEnum):
    AUTO = "auto"
    """The whole document if there is enough room, or else the passages that fit the question."""
    WHOLE = "whole"
    PASSAGES = "passages"
    PICTURE = "picture"
    """A picture that a model sees, in place of words."""


Place = tuple[int, int, int, int]
"""A passage's position: its first page and first character, its last page and the character before which it ends."""


class Attached(Record):
    name: str
    document: str = ""
    """Id of a stored document. Empty for text that is no stored document; the pages of such a text are in `source`."""
    sha256: str = ""
    page_kind: str = "page"
    mode: AttachMode = AttachMode.AUTO
    is_planned: bool = False
    """Whether it was decided which text of the document the model reads. Until then the part has no text."""
    is_whole: bool = False
    is_more: bool = False
    """Whether these are more passages of a document that was attached to an earlier message."""
    is_gone: bool = False
    tokens: int = 0
    pages_total: int = 0
    pages_used: tuple[int, ...] = ()
    """Pages that have text in this part. For a whole document: all pages with words."""
    pages_unread: tuple[int, ...] = ()
    words_read: int = 0
    words_total: int = 0
    places: tuple[Place, ...] = ()
    source: tuple[str, ...] = ()
    collection: str = ""
    """Id of a folder of documents. If `document` is empty, this is the folder itself and has no text. Each of its
    documents with passages in the prompt is a part of its own.
    """
    documents_total: int = 0
    """For a folder: number of documents that were searched for passages."""
    documents_used: int = 0
    documents_unread: int = 0
    size: tuple[int, int] = (0, 0)
    """Width and height of a picture, which is in `source` as a JPEG (base64)."""
    frame: int = 0
    """A number drawn for the frame around the text, which nobody who wrote it can know."""

    @property
    def is_folder(self) -> bool:
        return bool(self.collection) and not self.document

    @property
    def is_picture(self) -> bool:
        return self.mode is AttachMode.PICTURE

    @property
    def is_of_folder(self) -> bool:
        return bool(self.collection) and bool(self.document)

    @property
    def words_left_out(self) -> int:
        return self.words_total - self.words_read


class AttachmentPart(TextPart):
    attached: Attached = Attached("")


PAGE_WORDS: Mapping[str, tuple[str, str, str]] = {
    "page": (N_("page"), N_("pages"), N_("p.")),
    "slide": (N_("slide"), N_("slides"), N_("slide")),
    "sheet": (N_("sheet"), N_("sheets"), N_("sheet")),
    "section": (N_("section"), N_("sections"), N_("section")),
    "chapter": (N_("chapter"), N_("chapters"), N_("chapter")),
    "part": (N_("part"), N_("parts"), N_("part")),
}
"""What a page of each kind of document is called: in the singular, in the plural, and before a number."""


PLACES = (
    N_("page"), N_("slide"), N_("sheet"), N_("row"), N_("rows"), N_("column"), N_("table"), N_("paragraph"), N_("line"),
    N_("entry"), N_("unit"), N_("title"), N_("notes"), N_("comment"), N_("header"), N_("footer"), N_("footnote"),
    N_("footnotes"), N_("comments"), N_("properties"), N_("header or footer"), N_("Message"), N_("Attachments"),
    N_("attachment"),
)  # fmt: skip
_PLACE = re.compile(rf"(?:^|(?<=, ))(?:{'|'.join(PLACES)})(?= \d|,|$)")


def told_place(place: str) -> str:
    """Say where something stands in a document, such as "slide 2, notes", in the language of the window."""
    return _PLACE.sub(lambda match: _(match[0]), place)


def page_word(kind: str, count: int = 2) -> str:
    return _(PAGE_WORDS.get(kind, PAGE_WORDS["page"])[count != 1])


def parts_words(parts: Iterable[str]) -> str:
    """Return a sentence that names the parts of a document that were not read, or "" if there are none."""
    names = ", ".join(map(_, parts))
    return _("Not read in it: {names}.").format(names=names) if names else ""


def page_sign(kind: str) -> str:
    return _(PAGE_WORDS.get(kind, PAGE_WORDS["page"])[2])


def unlike_marks(text: str) -> str:
    """Return words of a document or model in one line and without what looks like our marks, for output as text: in
    round brackets "[p. 4]" is not our own.
    """
    words = {word for kind in PAGE_WORDS.values() for english in kind for word in (english, _(english))}
    mark = rf"\[([^\[\]]*(?:{'|'.join(map(re.escape, sorted(words)))})\s*\d[^\[\]]*)\]"
    return re.sub(mark, r"(\1)", " ".join(text.split()), flags=re.IGNORECASE)


def retold_marks(text: str) -> str:
    """Say the marks of places in a stored text, such as "[section 3]", in the language of the window."""
    signs = "|".join(re.escape(signs[2]) for signs in PAGE_WORDS.values())
    return re.sub(rf"(?<=\[)((?:[^\[\]]*, )?)({signs})(?= \d)", lambda match: match[1] + _(match[2]), text)


def counted_pages(count: int, kind: str) -> str:
    return f"{grouped(count)} {page_word(kind, count)}"


def used_words(about: Attached) -> str:
    if about.is_picture:
        return _("a picture of {width} × {height} dots").format(width=about.size[0], height=about.size[1])
    if about.is_gone:
        return _("forgotten; what was sent of it before is kept")
    if not about.is_planned:
        return _("not read yet")
    if about.is_folder:
        return _searched_words(about)
    if about.is_whole:
        unread = len(about.pages_unread)
        return (
            _("whole")
            if not unread
            else _("whole; {unread} of {pages_total} {pages} have no words").format(
                unread=unread, pages_total=about.pages_total, pages=page_word(about.page_kind)
            )
        )
    if not about.places:
        return _("nothing of it was read: no passage fits")
    if not about.document and about.pages_total == 1:
        return _("passages, {words_read:,} of {words_total:,} words").format(
            words_read=about.words_read, words_total=about.words_total
        )
    numbers = list_of(about.pages_used)
    word = page_word(about.page_kind, len(about.pages_used))
    more = _("more passages") if about.is_more else _("passages")
    return _("{more} on {word} {numbers} of {pages_total}").format(
        more=more, word=word, numbers=numbers, pages_total=about.pages_total
    )


def _searched_words(about: Attached) -> str:
    total = ngettext("{n:,} document looked through", "{n:,} documents looked through", about.documents_total)
    used = (
        _("passages of {documents_used:,} read").format(documents_used=about.documents_used)
        if about.documents_used
        else _("nothing of them read: no passage fits")
    )
    unread = (
        _("; {documents_unread:,} could not be read").format(documents_unread=about.documents_unread)
        if about.documents_unread
        else ""
    )
    return f"{total}, {used}{unread}"


def list_of(numbers: Sequence[int], most: int = 12) -> str:
    """Return page numbers as people write them, such as "1-3, 7". A long list is cut."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    reported = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return ", ".join(reported[:most]) + (", \u2026" if len(reported) > most else "")


FILE_TYPES: Mapping[str, int] = MappingProxyType(
    {
        "F16": 1, "BF16": 32, "Q8_0": 7, "Q6_K": 18, "Q5_K_M": 17, "Q4_K_M": 15, "IQ4_NL": 25, "Q4_0": 2, "Q3_K_M": 12,
    }
)  # fmt: skip
"""Formats into which slmdesk can convert a model, with their number in enum llama_ftype of llama.h."""


class Recipe(Record):
    format: str
    """A key of FILE_TYPES. Empty means that the weights keep their format."""
    left_out: tuple[int, ...] = ()
    """Numbers of the layers that are left out, counted from 0."""
    origin: str = ""
    """What the file was made from, for the new file's metadata. At most 120 ASCII characters."""


S = TypeVar("S")
T = TypeVar("T")


def imported(path: str) -> Any:
    """Import and return what a path names. The path is a module below `slmdesk`, a colon, and a name in the module."""
    module, __, name = path.partition(":")
    return getattr(importlib.import_module(f"slmdesk.{module}"), name)


class Lazy(Generic[S, T]):
    """An attribute of class S whose value of class T is imported and created at first use."""

    def __init__(self, path: str, make: Callable[[S, type[T]], T]) -> None:
        """`path` names the class, as in `imported`. `make` gets the S and the class, and returns the value."""
        self._path, self._make = path, make

    def __set_name__(self, _class: type[S], name: str) -> None:
        self.name = name

    def __get__(self, owner: S, _class: type[S]) -> T:
        return self.made(owner)

    def made(self, owner: S) -> T:
        """Return the value, and create it at the first call. From then on Python finds it without this descriptor."""
        if self.name not in vars(owner):
            vars(owner)[self.name] = self._make(owner, imported(self._path))
        made: T = vars(owner)[self.name]
        return made


def common_prefix(first: Sequence[object], other: Sequence[object], limit: int | None = None) -> int:
    """Return the length of the common beginning, at most `limit`. A binary search, so slices are compared in C."""
    low, high = 0, min(len(first), len(other))
    if limit is not None:
        high = max(0, min(limit, high))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low

"""Values passed between packages, without Qt, rows or libraries; attributes made when first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

from msgspec import Meta

from slmdesk.base.record import Number, Record, changed, field
from slmdesk.base.texts import _, ngettext

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
else:
    Json = Any


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
    """Interactive work is admitted before background work, and may evict it."""

    INTERACTIVE = "interactive"
    BACKGROUND = "background"


class TextPart(Record):
    text: str
    origin: Origin = Origin.PERSON


class ChatMessage(Record):
    role: Role
    parts: tuple[TextPart, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


class PromptPart(Record):
    """A piece of a rendered prompt; only `trusted` pieces are tokenised with control tokens."""

    text: str
    trusted: bool


THINKING_OFF, THINKING_ON, THINKING_USUAL = "off", "on", "usual"
THINKING_LEVELS = ("low", "medium", "high")
THINKING = (THINKING_OFF, THINKING_USUAL, THINKING_ON, *THINKING_LEVELS)
"""How much a model that thinks aloud shall do so; `usual`: as its makers set it where nothing is asked for."""


Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Bias: TypeAlias = Annotated[float, Meta(ge=-1e9, le=1e9)]


class Sampling(Record):
    """How the next token is chosen.  None: the model's own default, else ours.  Other numbers no library is given."""

    temperature: Annotated[float, Meta(ge=0, le=100)] | None = None
    top_k: Annotated[int, Meta(ge=-1, le=1 << 20)] | None = None
    top_p: Share | None = None
    min_p: Share | None = None
    typical_p: Share | None = None
    repeat_penalty: Annotated[float, Meta(ge=0.01, le=100)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-100, le=100)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-100, le=100)] | None = None
    penalty_last_n: Annotated[int, Meta(ge=-1, le=1 << 20)] | None = None
    dry_multiplier: Annotated[float, Meta(ge=0, le=100)] | None = None
    """Strength of DRY, which keeps phrases from coming again; 0: off."""
    dry_base: Annotated[float, Meta(ge=1, le=100)] | None = None
    dry_allowed_length: Annotated[int, Meta(ge=0, le=1 << 20)] | None = None
    xtc_probability: Share | None = None
    """How often XTC leaves out the likeliest tokens; 0: off."""
    xtc_threshold: Share | None = None
    seed: int | None = None
    grammar: str | None = None
    """GBNF; not together with json_schema."""
    json_schema: str | None = None
    logit_bias: tuple[tuple[Annotated[int, Meta(ge=0, le=(1 << 31) - 1)], Bias], ...] = ()
    word_bias: tuple[tuple[Annotated[str, Meta(min_length=1)], Bias], ...] = ()
    """The same by words; a word of several tokens counts by its first."""
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    """None: as many as fit; the engine always has a cap."""
    ignore_eos: bool = False
    thinking: Annotated[str, Meta(pattern=rf"\A({'|'.join(THINKING)})\Z")] = THINKING_OFF
    thought_tokens: Annotated[int, Meta(ge=0, le=1 << 20)] | None = None
    """The thought is closed after so many."""
    thought_seconds: Annotated[float, Meta(ge=0, le=1 << 20)] | None = None
    """… or after so many seconds."""

    def over(self, defaults: Sampling) -> Sampling:
        """A copy with values that are None taken from `defaults`."""
        names = (
            "temperature", "top_k", "top_p", "min_p", "typical_p", "repeat_penalty", "frequency_penalty",
            "presence_penalty", "penalty_last_n", "dry_multiplier", "dry_base", "dry_allowed_length",
            "xtc_probability", "xtc_threshold",
        )  # fmt: skip
        return changed(self, **{name: getattr(defaults, name) for name in names if getattr(self, name) is None})


USUAL_SAMPLING = Sampling(
    temperature=0.4,
    top_k=40,
    top_p=0.9,
    min_p=0.05,
    typical_p=1.0,
    repeat_penalty=1.0,
    frequency_penalty=0.0,
    presence_penalty=0.0,
    penalty_last_n=64,
    dry_multiplier=0.0,
    dry_base=1.75,
    dry_allowed_length=2,
    xtc_probability=0.0,
    xtc_threshold=0.1,
)
"""For what neither the request nor the file names: calmer than llama.cpp's own 0.8, since small models invent more when
they are warm, and with a light penalty, since they repeat themselves."""


class Offload(Record):
    """The layers of a model that a graphics card holds and computes; the processor does the others."""

    device: str
    layers: int
    of: int
    """All layers of the model, its output counted as a layer."""


class LoadSpec(Record):
    """`context_tokens` is the limit of a request; the pool is shared by all sequences."""

    path: str
    sha256: str = ""
    context_tokens: int = 4096
    pool_tokens: int | None = None
    """None: chosen from memory, at least context_tokens."""
    sequences: int | None = None
    """How many at once; None: from the cost curve."""
    threads: int | None = None
    """None: chosen while running."""
    template: str | None = None
    """None: the file's; else a built-in family's name or 'plain'."""
    template_checked: bool = False
    """The file's template was tried in a throwaway child before, under this checksum."""
    cost_curve: tuple[tuple[int, Number], ...] = ()
    """(tokens in one decode, cost relative to one), measured before; empty: measure now."""
    behaves: bool | None = None
    """Whether it was found to behave like a language model, under this checksum; None: find out now."""
    flash: bool | None = None
    """Whether to use flash attention, as was found to be faster before; None: find out now."""
    measured_on: Offload | None = None
    """Where its layers were when `cost_curve` and `behaves` were measured; elsewhere both are measured again."""
    anyway: bool = False
    """A person wants it tried although memory looks too short: it is not refused for that."""
    use_card: bool = True


class MemoryParts(Record):
    """Bytes a loaded model needs."""

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
    """Of `memory_bytes`, at the moment of asking; 0 where the driver does not say."""
    is_integrated: bool = False
    """Its memory is the PC's own."""


class Backends(Record):
    names: tuple[str, ...]
    devices: tuple[Device, ...]


class PcMeasurement(Record):
    bytes_per_s: Number
    """Read from memory, with as many threads as the engine uses."""
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
    """'file', 'builtin:NAME' or 'plain'."""
    template_problem: str = ""
    """Why the file's own template is not used, in short; empty when it is."""
    memory: MemoryParts = field(default_factory=lambda: MemoryParts(0, 0, 0))
    cost_curve: tuple[tuple[int, Number], ...] = ()
    sampling_defaults: Sampling = field(default_factory=Sampling)
    sliding_window: int = 0
    behaves: bool | None = None
    """Whether it makes anything of plain sentences; False: damaged, or never trained.  None: not tried."""
    offload: Offload | None = None
    thinking: tuple[str, ...] = ()
    """What Sampling.thinking may be; empty: the model does not think aloud."""
    flash: bool = True


class Usage(Record):
    prompt_tokens: int
    output_tokens: int
    cached_tokens: int
    """Of the prompt, how many were in memory and not read again."""
    context_size: int


class Timing(Record):
    first_token_s: Number
    tokens_per_s: Number


class FinishReason(StrEnum):
    STOP = "stop"
    STOP_STRING = "stop_string"
    LENGTH = "length"
    """max_tokens, or the context is full: it can be continued."""
    REPEAT = "repeat"
    """The same words over and over: ended by the program."""


TokenProbability: TypeAlias = tuple[int, int, float]
"""Which characters of an answer's text a token covers (begin, end), and how likely it was among all tokens, 0..1, by
the model itself: before temperature, penalties, grammar or the like changed anything.  Of a character that is spelt by
two tokens both have the whole.
"""


class Answer(Record):
    text: str
    finish_reason: FinishReason
    usage: Usage
    timing: Timing
    seed: int
    reproducible: bool
    """Same seed, empty cache and nothing beside it would give the same text."""
    probabilities: tuple[TokenProbability, ...] = ()
    """Where a request asks for them: for each token that wrote something, in order."""
    thought: str = ""
    """What it thought aloud before; not part of `text`."""
    thought_seconds: Number = 0.0
    """From the first token to the end of the thought."""


# ---- documents attached to a message


class AttachMode(StrEnum):
    AUTO = "auto"
    """Whole where that leaves room, else the passages that fit the question."""
    WHOLE = "whole"
    PASSAGES = "passages"


Place = tuple[int, int, int, int]
"""A passage: its first page and the character it begins at, its last page and the character it ends before."""


class Attached(Record):
    name: str
    document: str = ""
    """Id of a document that is kept; empty for text that is in none: its pages are `source`."""
    sha256: str = ""
    page_kind: str = "page"
    mode: AttachMode = AttachMode.AUTO
    is_planned: bool = False
    """What is read of it has been decided; before, the part has no text yet."""
    is_whole: bool = False
    is_more: bool = False
    """Further passages of a document that was attached to an earlier message."""
    is_gone: bool = False
    tokens: int = 0
    pages_total: int = 0
    pages_used: tuple[int, ...] = ()
    """Pages of which something is in the text; for a whole document all that have words."""
    pages_unread: tuple[int, ...] = ()
    words_read: int = 0
    words_total: int = 0
    places: tuple[Place, ...] = ()
    source: tuple[str, ...] = ()
    collection: str = ""
    """Id of a folder.  Without a document this stands for the folder itself and has no text: each of its documents of
    which passages are read is a part of its own.
    """
    documents_total: int = 0
    """Of a folder: the documents that were searched for passages."""
    documents_used: int = 0
    documents_unread: int = 0

    @property
    def is_folder(self) -> bool:
        return bool(self.collection) and not self.document

    @property
    def is_of_folder(self) -> bool:
        return bool(self.collection) and bool(self.document)

    @property
    def words_left_out(self) -> int:
        return self.words_total - self.words_read


class AttachmentPart(TextPart):
    attached: Attached = Attached("")


PAGE_WORDS: Mapping[str, tuple[str, str, str]] = {
    "page": (_("page"), _("pages"), _("p.")),
    "slide": (_("slide"), _("slides"), _("slide")),
    "sheet": (_("sheet"), _("sheets"), _("sheet")),
    "section": (_("section"), _("sections"), _("section")),
    "chapter": (_("chapter"), _("chapters"), _("chapter")),
    "part": (_("part"), _("parts"), _("part")),
}
"""What a page is called by the kind of a document: one, several, before a number."""


def page_word(kind: str, count: int = 2) -> str:
    return PAGE_WORDS.get(kind, PAGE_WORDS["page"])[count != 1]


def page_sign(kind: str) -> str:
    return PAGE_WORDS.get(kind, PAGE_WORDS["page"])[2]


def counted_pages(count: int, kind: str) -> str:
    return f"{count:,} {page_word(kind, count)}"


def used_words(about: Attached) -> str:
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
    """Page numbers as people write them: 1-3, 7; a long list is cut."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    reported = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return ", ".join(reported[:most]) + (", \u2026" if len(reported) > most else "")


# ---- formats a model's weights can be stored in, and what was measured of them on this PC


FILE_TYPES: Mapping[str, int] = MappingProxyType(
    {
        "F16": 1, "BF16": 32, "Q8_0": 7, "Q6_K": 18, "Q5_K_M": 17, "Q4_K_M": 15, "IQ4_NL": 25, "Q4_0": 2, "Q3_K_M": 12,
    }
)  # fmt: skip
"""Formats that can be made here, and their number in enum llama_ftype of llama.h."""
READ_TOKENS, WRITTEN_TOKENS = 300, 200
WRITTEN_TOGETHER = 16
GREEDY_TOKENS = 24


class Recipe(Record):
    format: str
    """A key of FILE_TYPES; empty: the weights as they are."""
    left_out: tuple[int, ...] = ()
    """Layers that are left out, counted from 0."""
    origin: str = ""
    """Written into the new file's metadata: what it was made from; at most 120 ASCII characters."""


class FormatSpeed(Record):
    """Seconds a token, with the number of threads that is best for each; the fastest of a few rounds."""

    read_s: Number
    """Of a prompt, in slices as the engine reads them."""
    write_s: Number
    write_together_s: Number

    @property
    def answer_s(self) -> float:
        """Of an answer of WRITTEN_TOKENS tokens to READ_TOKENS."""
        return READ_TOKENS * self.read_s + WRITTEN_TOKENS * self.write_s

    @property
    def long_work_s(self) -> float:
        """Of a part of a long document: 700 tokens read and 150 written beside fifteen others."""
        return 700 * self.read_s + 150 * self.write_together_s


class FormatQuality(Record):
    """How far a file's predictions are from the published file's, over the same texts."""

    divergence: Number
    """Mean Kullback–Leibler divergence of the next-token distribution, in nats; see engine/llama/predictions.py."""
    perplexity: Number
    tokens: int
    same_first: Number


# ---- attributes that are imported and made when they are first used


S = TypeVar("S")
T = TypeVar("T")


def imported(path: str) -> Any:
    """What a path names: the module below `slmdesk`, a colon and the name in it."""
    module, __, name = path.partition(":")
    return getattr(importlib.import_module(f"slmdesk.{module}"), name)


class Lazy(Generic[S, T]):
    """An attribute of an S whose class T is imported when it is first used."""

    def __init__(self, path: str, make: Callable[[S, type[T]], T]) -> None:
        """`path`: of the class, see `imported`; `make` is given the S and the class."""
        self._path, self._make = path, make

    def __set_name__(self, _class: type[S], name: str) -> None:
        self.name = name

    def __get__(self, owner: S, _class: type[S]) -> T:
        return self.made(owner)

    def made(self, owner: S) -> T:
        """Return it, made where it is not there yet; Python itself finds it from then on."""
        if self.name not in vars(owner):
            vars(owner)[self.name] = self._make(owner, imported(self._path))
        made: T = vars(owner)[self.name]
        return made


# ---- what two texts, or two lists of tokens, have in common at their beginning


def common_prefix(first: Sequence[object], other: Sequence[object], limit: int | None = None) -> int:
    """Length of the common beginning, at most `limit`: by halves, compared in C."""
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

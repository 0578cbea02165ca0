"""Repositories of the Hub and their GGUF files.  Their names are labels; no path is ever made from one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record, changed
from slmdesk.gguf.quantization import companions, recommended, the_one
from slmdesk.gguf.tables import CHAT_ARCHITECTURES, DRAFT_HEADS, PROJECTORS

_QUANTIZATION = re.compile(
    r"(?:^|[-._ ])((?:UD-)?I?Q\d_(?:K(?:_(?:XS|S|M|L|XL))?|NL|XXS|XS|S|M|L|XL|[01](?:_\d_\d)?)"
    r"|TQ\d_\d|BF16|F16|F32|FP16|FP32|MXFP4(?:_MOE)?)(?=[-._ ]|$)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"^(.+)-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE | re.DOTALL)
PREFERRED = (
    "Q4_K_M", "Q4_K_S", "Q4_0", "Q4_1", "IQ4_NL", "IQ4_XS", "Q5_K_M", "Q5_K_S", "Q5_0", "Q5_1", "Q6_K", "Q8_0",
    "Q3_K_M", "Q3_K_L", "BF16", "F16", "F32",
)  # fmt: skip
"""The order of choice without a request, when nothing fits: small and nearly as good first."""
MAX_PARTS = 1000
_CHAT_TAGS = frozenset({"conversational", "text-generation", "image-text-to-text", "any-to-any"})
_OTHER_TAGS = frozenset(
    {
        "feature-extraction", "sentence-similarity", "text-ranking", "text-classification", "text-to-image",
        "image-to-image", "text-to-video", "image-to-video", "text-to-speech", "text-to-audio",
        "automatic-speech-recognition",
    }
)  # fmt: skip
_OTHER_NAME = re.compile(r"embed(?!ded)|rerank|(?<![a-z])(?:tts|asr)(?![a-z])", re.IGNORECASE)


class RemotePart(Record):
    name: str
    """In the repository; untrusted, part of an address and never of a path."""
    bytes: int
    sha256: str
    """64 hexadecimal digits; empty where the Hub names none."""


class RemoteFile(Record):
    """A model to download: one file, or the parts of a split one."""

    repo: str
    revision: str
    """The commit, so that what is fetched later is what was listed."""
    parts: tuple[RemotePart, ...]
    quantization: str
    license: str = ""
    gated: bool = False
    beside: str = ""
    """What it is, for people, when it lies beside a model; empty for a model."""

    @property
    def name(self) -> str:
        """The name to show: one line, cleaned."""
        return clean_label(self.parts[0].name)

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.parts)

    @property
    def size_bytes(self) -> int:
        """The size, under the name that core.quantization sorts by."""
        return self.bytes

    @property
    def sha256(self) -> str:
        """The checksum of the only part; empty for a split model."""
        return self.parts[0].sha256 if len(self.parts) == 1 else ""


class Repo(Record):
    id: str
    """owner/name."""
    revision: str
    downloads: int
    likes: int
    updated: str
    """ISO 8601, or empty."""
    license: str
    gated: bool
    files: tuple[RemoteFile, ...]
    """The GGUF models in it; sizes and sums only where they were asked for."""
    parameters: int = 0
    """As the Hub read them from one of the files; 0 where it names none."""
    architecture: str = ""
    context_length: int = 0
    has_card: bool = True
    chats: bool = True
    """False where name, tags or header say that its models are for something else: see `may_chat`."""

    def choose(
        self,
        file: str = "",
        quantization: str = "",
        *,
        budget_bytes: int = 0,
        begun: Collection[str] = (),
    ) -> RemoteFile:
        """The file called `file`, else the one of `quantization`, else the one to take.

        That is one whose fetching has `begun` (sums), else the best for a PC with `budget_bytes` for weights, else the
        usual one.  Raises KnownError `hub.no_file` and `hub.several_files`, which name what there is, and
        `hub.no_models`.
        """
        if not self.files:
            raise KnownError("hub.no_models", repo=self.id)
        if file:
            named = [one for one in self.files if file in (one.parts[0].name, one.name)]
            named = named or [one for one in self.files if file.casefold() == one.name.casefold()]
            return self._one_of(named, file)
        models = [one for one in self.files if not one.beside]
        if quantization:
            requested = quantization.casefold()
            return self._one_of([one for one in models if one.quantization.casefold() == requested], quantization)
        if half := next((one for one in models if any(part.sha256 in begun for part in one.parts)), None):
            return half
        if best := recommended(models, budget_bytes):
            return best
        for preferred in PREFERRED:
            found = [one for one in models if one.quantization.removeprefix("UD-") == preferred]
            if found:
                return the_one(found[0], found) or self._one_of(found, preferred)
        return self._one_of(models, "GGUF")

    def _one_of(self, found: Sequence[RemoteFile], requested: str) -> RemoteFile:
        if len({_SPLIT.sub(r"\1.gguf", one.parts[0].name) for one in found}) == 1:  # whole, and in parts
            return min(found, key=lambda one: len(one.parts))
        known = ", ".join(one.name for one in (found or self.files)[:12])
        code = "hub.several_files" if found else "hub.no_file"
        raise KnownError(code, repo=self.id, wanted=clean_label(requested, 80), known=known)


def may_chat(name: str, tags: Collection[str], architecture: str) -> bool:
    """Whether models of a repository may chat, as far as its name, its tags and the header that the Hub read tell.

    That header may be of a file beside the model, which says nothing of the model.
    """
    known = architecture in CHAT_ARCHITECTURES | DRAFT_HEADS | PROJECTORS or not architecture
    return known and not _OTHER_NAME.search(name) and (not _OTHER_TAGS & set(tags) or bool(_CHAT_TAGS & set(tags)))


def quantization_of(name: str) -> str:
    stem = _SPLIT.sub(r"\1.gguf", name.rpartition("/")[2]).removesuffix(".gguf")
    found = _QUANTIZATION.findall(stem)
    return str(found[-1]).upper().replace("FP16", "F16").replace("FP32", "F32") if found else ""


def files_of(parts: Iterable[RemotePart], *, repo: str, revision: str, license: str, gated: bool) -> list[RemoteFile]:
    """The models among a repository's files, in the order of their names; the parts of a split one together.

    A split model of which parts are missing is left out: it could never be used.
    """
    single: list[tuple[RemotePart, ...]] = []
    splits: dict[tuple[str, int], dict[int, RemotePart]] = {}
    for part in parts:
        if not part.name.lower().endswith(".gguf"):
            continue
        if split := _SPLIT.match(part.name):
            splits.setdefault((split[1], int(split[3])), {})[int(split[2])] = part
        else:
            single.append((part,))
    for (_stem, count), found in splits.items():
        if 0 < count <= MAX_PARTS and sorted(found) == list(range(1, count + 1)):
            single.append(tuple(found[number] for number in range(1, count + 1)))
    single.sort(key=lambda one: one[0].name)
    files = [
        RemoteFile(repo, revision, each, quantization_of(each[0].name), license=license, gated=gated) for each in single
    ]
    beside = companions(files)
    return [changed(one, beside=beside.get(one.name, "")) for one in files]

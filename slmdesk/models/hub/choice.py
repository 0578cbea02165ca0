"""Chooses the file of a repository that is its model: by names, and by headers where names do not say enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from threading import Event
from types import MappingProxyType

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.untrusted import clean_label
from slmdesk.models.gguf.header import LISTENERS, GgufHeader, kind_of_architecture
from slmdesk.models.gguf.projectors import BESIDE
from slmdesk.models.gguf.quantization import (
    QUANTIZATIONS,
    SMALL_FILE_BYTES,
    TRAINED_FOR,
    WORST_RECOMMENDED,
    parameters_in,
    quantization_named,
    stem_of,
    weights_of,
)
from slmdesk.models.hub.search import Hub, RemoteFile, Repo

MOST_HEADERS = 10
"""Most headers that are read to choose one of a repository's files."""
USABLE = ("model", "encoder", "adapter", *LISTENERS)
"""Kinds of files that the library can use, the best first."""
_USUAL_BITS, _FEWEST_BITS = QUANTIZATIONS["Q4_K_M"].bits, QUANTIZATIONS["IQ3_XXS"].bits
_LARGE_BITS, _MOST_BITS = QUANTIZATIONS["Q5_K_M"].bits, QUANTIZATIONS["Q8_0"].bits


def choose(
    hub: Hub,
    repo: Repo,
    file: str = "",
    quantization: str = "",
    *,
    budget_bytes: int,
    begun: Collection[str] = (),
    refused: Mapping[str, str] = MappingProxyType({}),
    stop: Event | None = None,
) -> RemoteFile:
    """Choose a file as Repo.choose does, and by headers where the names do not say enough. `refused` has
    the kinds of files that have turned out to be no models.

    Raises as Repo.choose, also network.*, `hub.companion` for a file that is of no use by itself, and Stopped.
    """

    def read(file: RemoteFile) -> GgufHeader | None:
        try:
            return hub.header(file, token=hub.token() if repo.gated else "", cut=True, stop=stop)
        except KnownError as err:
            if not err.code.startswith("model."):
                raise
            return None

    if file:
        chosen = repo.choose(file)
        if chosen.beside in ("", "whisper", *BESIDE) or kind_of(chosen, read(chosen)) in USABLE:
            return chosen
        best = repo.best(budget_bytes)
        raise KnownError("hub.companion", name=chosen.name, kind=chosen.beside, model=best.name if best else "")
    files = (changed(file, beside=refused.get(file.name, file.beside)) for file in repo.files)
    left = changed(repo, files=tuple(files))
    try:
        best = left.choose("", quantization, budget_bytes=budget_bytes, begun=begun)
        is_begun = any(part.sha256 in begun for part in best.parts)
        if is_begun or (not refused and (quantization or (repo.chats and not is_doubtful(best, left.files)))):
            return best
    except KnownError as err:
        if err.code != "hub.several_files":
            raise
    return chosen_by_headers(left, quantization, budget_bytes, read)


def is_doubtful(best: RemoteFile, files: Iterable[RemoteFile]) -> bool:
    """Return whether a file is far from the size that it should have by its name and its model's other files."""
    stem, weights = stem_of(best.name), weights_of(best)
    alike = sorted(weights_of(file) for file in files if not file.beside and stem_of(file.name) == stem)
    usual, named = alike[len(alike) // 2], parameters_in(best.name) or parameters_in(best.repo)
    return not usual / 2 <= weights <= 2 * usual or named > 4 * weights


def kind_of(file: RemoteFile, header: GgufHeader | None) -> str:
    """Return what a file is; of a split file, the first part has the keys and perhaps no tensors."""
    if header is None:
        return "unknown"
    return kind_of_architecture(header.architecture) if len(file.parts) > 1 else header.kind


def chosen_by_headers(
    repo: Repo, quantization: str, budget_bytes: int, read: Callable[[RemoteFile], GgufHeader | None]
) -> RemoteFile:
    """Choose one of the files that `read` finds to be models, as if their names told what their headers tell.

    Raises KnownError `hub.several_files`, `hub.no_chat`, `model.unsupported`.
    """
    models = [file for file in repo.files if not file.beside]
    if quantization:
        models = [file for file in models if file.quantization.casefold() == quantization.casefold()]
    headers = _headers(models, budget_bytes, read)
    told = [_told(file, headers[file.name]) for file in models if file.name in headers]
    names = {name: header.name for name, header in headers.items() if header}
    kinds = {file.beside or "model" for file in told}
    use = next((kind for kind in USABLE if kind in kinds), "")
    known = [header.architecture for header in headers.values() if header and header.architecture]
    if kinds == {"unknown"} and known:
        raise KnownError("model.unsupported", architecture=clean_label(known[0], 80))
    if not use or (use == "model" and not repo.chats):
        raise repo.problem("hub.no_chat", told, names)
    able = [changed(file, beside="") for file in told if (file.beside or "model") == use]
    aliases = _aliases(able, headers)
    try:
        if not aliases:
            raise KnownError("hub.several_files")
        best = changed(repo, files=aliases).choose(budget_bytes=budget_bytes)
    except KnownError as err:
        raise repo.problem(err.code, able, names, wanted=quantization or "GGUF") from err
    name = next(file.name for file, alias in zip(able, aliases, strict=True) if alias is best)
    return next(file for file in models if file.name == name)


def _told(file: RemoteFile, header: GgufHeader | None) -> RemoteFile:
    kind = kind_of(file, header)
    quantization = header.quantization if header else ""
    return changed(file, beside="" if kind == "model" else kind, quantization=quantization)


def _aliases(files: Iterable[RemoteFile], headers: Mapping[str, GgufHeader | None]) -> tuple[RemoteFile, ...]:
    """Return files whose names say what their headers say. Return none if they are of models of several shapes."""
    shapes, models = set(), dict[str, int]()
    aliases: list[RemoteFile] = []
    for file in files:
        if header := headers[file.name]:
            shapes.add((header.architecture, header.layers, header.embedding_length))
            words = re.split(r"[\W_]+", str(header.metadata.get("general.name", "")).casefold())
            model = models.setdefault(" ".join(word for word in words if word not in TRAINED_FOR), len(models))
            trained = "-qat" * any(mark in f"{header.name} {file.name}".casefold() for mark in TRAINED_FOR)
            split = "-00001-of-00002" * (len(file.parts) > 1)
            part = changed(file.parts[0], name=f"m{model}{trained}-{file.quantization}{split}.gguf")
            aliases.append(changed(file, parts=(part, *file.parts[1:])))
    return tuple(aliases) if len(shapes) == 1 else ()


def _headers(
    files: Sequence[RemoteFile], budget_bytes: int, read: Callable[[RemoteFile], GgufHeader | None]
) -> dict[str, GgufHeader | None]:
    """Read the headers of the most promising files. The largest says how many weights there are, and so the sizes of
    the others how many bits each has.
    """
    left = sorted(files, key=lambda file: -file.bytes)
    headers: dict[str, GgufHeader | None] = {}
    weights, excess, has_fitting = 0.0, 1.0, False

    def bits(file: RemoteFile) -> float:
        return 8 * file.bytes / weights

    while left and len(headers) < MOST_HEADERS:
        file = left[0]
        if weights:
            good = [other for other in left if bits(other) > _FEWEST_BITS]
            fitting = [other for other in good if other.bytes <= budget_bytes]
            small = min(_MOST_BITS * excess, 8 * SMALL_FILE_BYTES / weights)
            wanted = small if small >= _LARGE_BITS else _USUAL_BITS * excess
            if not (good := fitting or ([] if has_fitting else good)):
                break
            file = min(good, key=lambda other: abs(bits(other) - wanted))
        left.remove(file)
        header = headers[file.name] = read(file)
        known = quantization_named(header.quantization) if header and kind_of(file, header) in USABLE else None
        if known:
            weights = weights or 8 * file.bytes / known.bits
            excess = bits(file) / known.bits if weights else 1.0
            has_fitting |= file.bytes <= budget_bytes and known.rank <= WORST_RECOMMENDED
    return headers

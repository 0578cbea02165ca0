"""Chooses the next token: llama.cpp's sampler chain, and a grammar that is applied only to the winner."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.base.types import USUAL_SAMPLING, Sampling
from slmdesk.children.engine.llama.context import Context
from slmdesk.children.engine.llama.library import Library, load_library
from slmdesk.children.engine.llama.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

USUAL = USUAL_SAMPLING

MAX_SEED = 0xFFFFFFFE  # one more means "choose one" to llama.cpp
_WHOLE_ANSWER = 32_768
_FIRST_TRY = 64
"""Candidates the grammar is asked about when it refused the winner, before it is asked about all."""
_CANDIDATE = np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])


class Sampler:
    """The samplers of an answer.  Engine thread only; `close` frees them."""

    def __init__(
        self,
        library: Library,
        vocabulary: Vocabulary,
        *,
        vocab: int,
        sampling: Sampling,
        seed: int,
    ) -> None:
        """`sampling` must be complete (see USUAL).  Raises KnownError `grammar.invalid`."""
        self._api: Any = library.api
        self._end_tokens = vocabulary.end_tokens
        self._n_vocab = vocabulary.n_tokens
        self._grammar = make_grammar_sampler(vocab, sampling.grammar) if sampling.grammar is not None else None
        self._chain = self._open_chain(sampling, seed, vocabulary.end_tokens)
        # Only the largest logit is needed: numpy finds it in a tenth of the chain's time.
        self._only_largest = self._api.llama_sampler_chain_n(self._chain) == 1 and _value(sampling.temperature) <= 0
        self._candidates: NDArray[np.void] | None = None
        self._first = True

    def close(self) -> None:
        for pointer in (self._chain, self._grammar):
            if pointer:
                self._api.llama_sampler_free(pointer)
        self._chain = self._grammar = None

    def begin_behind(self, tokens: Sequence[int]) -> None:
        """Have a grammar go on behind the words that an answer has already.

        Raises KnownError `grammar.invalid` where they do not keep to it: llama.cpp would end the process.
        """
        if not self._grammar:
            return
        for token in tokens:
            if not self._allowed(token, 0.0):
                self.close()
                raise KnownError("grammar.invalid", reason=_("the answer so far does not keep to it"))
            self._api.llama_sampler_accept(self._grammar, token)

    def sample(self, context: Context, index: int) -> int:
        """The token chosen after the token at `index` of the batch.

        Raises KnownError `model.damaged` when the logits are not numbers.
        """
        logits = context.logits(index)
        if self._first:
            self._first = False
            refuse_strange(logits)
        if math.isnan(logits[0]):  # the samplers in C would abort the process over it
            raise damaged_numbers()
        if self._grammar:
            token = self._sample_by_grammar(logits)
        elif self._only_largest:
            token = int(logits.argmax())
        else:
            token = int(self._api.llama_sampler_sample(self._chain, context.pointer, index))
        if not math.isfinite(logits[token]):
            raise damaged_numbers()
        return token

    def _sample_by_grammar(self, logits: NDArray[np.float32]) -> int:
        """The winner if the grammar allows it, else the winner among the allowed tokens.

        Checking the whole vocabulary at each step halves the speed; this way nearly nothing is lost. A refused winner
        is drawn again among the allowed of the `_FIRST_TRY` likeliest, and of all only if none of these is allowed.
        """
        token = int(logits.argmax()) if self._only_largest else self._choose(self._all_candidates(logits))
        if not self._allowed(token, float(logits[token])):
            count = min(_FIRST_TRY, len(logits))
            likeliest = np.argpartition(logits, -count)[-count:]
            some = _candidates_of(likeliest.astype(np.int32), logits)
            if not self._leaves_any(some):
                some = self._all_candidates(logits)
                if not self._leaves_any(some):
                    return min(self._end_tokens, default=0)  # the grammar allows nothing, not even an end
            token = self._choose(some[np.isfinite(some["logit"])])
        self._api.llama_sampler_accept(self._chain, token)
        if token not in self._end_tokens:
            self._api.llama_sampler_accept(self._grammar, token)
        return token

    def _allowed(self, token: int, logit: float) -> bool:
        ndarray = np.zeros(1, dtype=_CANDIDATE)
        ndarray["id"], ndarray["logit"] = token, logit
        return self._leaves_any(ndarray)

    def _leaves_any(self, candidates: NDArray[np.void]) -> bool:
        """Set the logits of what the grammar refuses to -inf.  Returns whether any token is left."""
        self._api.llama_sampler_apply(self._grammar, ctypes.byref(self._array_of(candidates)))
        return bool(np.isfinite(candidates["logit"]).any())

    def _choose(self, candidates: NDArray[np.void]) -> int:
        array = self._array_of(candidates)
        self._api.llama_sampler_apply(self._chain, ctypes.byref(array))
        if not 0 <= array.selected < array.size:
            raise damaged_numbers()
        return int(array.data[array.selected].id)

    def _array_of(self, candidates: NDArray[np.void]) -> Any:
        array = self._api.llama_token_data_array()
        array.data = ctypes.cast(candidates.ctypes.data, self._api.llama_token_data_p)
        array.size, array.selected, array.sorted = len(candidates), -1, False
        return array

    def _all_candidates(self, logits: NDArray[np.float32]) -> NDArray[np.void]:
        if self._candidates is None:
            self._candidates = np.zeros(len(logits), dtype=_CANDIDATE)
        # Ids too: the chain leaves them sorted.
        self._candidates["id"] = np.arange(len(logits), dtype=np.int32)
        self._candidates["logit"] = logits
        return self._candidates

    def _open_chain(self, sampling: Sampling, seed: int, end_tokens: frozenset[int]) -> Any:
        api = self._api
        params = api.llama_sampler_chain_default_params()
        params.no_perf = True
        chain = api.llama_sampler_chain_init(params)
        for link in self._links(sampling, seed, end_tokens):
            api.llama_sampler_chain_add(chain, link)
        return chain

    def _links(self, sampling: Sampling, seed: int, end_tokens: frozenset[int]) -> list[Any]:
        """The chain's samplers.  Of those that remove candidates top-k comes first, so that the others see few."""
        api, n_vocab = self._api, self._n_vocab
        links: list[Any] = []
        if sampling.ignore_eos:
            links.append(api.llama_sampler_init_logit_bias(n_vocab, len(end_tokens), self._forbidden(end_tokens)))
        if sampling.repeat_penalty != 1.0 and sampling.penalty_last_n:
            reach, penalty = _window(sampling.penalty_last_n), _value(sampling.repeat_penalty)
            links.append(api.llama_sampler_init_penalties(n_vocab, reach, penalty, 0.0, 0.0))
        if _value(sampling.temperature) <= 0:
            return [*links, api.llama_sampler_init_greedy()]
        if (sampling.top_k or 0) > 0:
            links.append(api.llama_sampler_init_top_k(sampling.top_k))
        if _value(sampling.top_p) < 1:
            links.append(api.llama_sampler_init_top_p(_value(sampling.top_p), 1))
        if _value(sampling.min_p) > 0:
            links.append(api.llama_sampler_init_min_p(_value(sampling.min_p), 1))
        links.append(api.llama_sampler_init_temp(_value(sampling.temperature)))
        links.append(api.llama_sampler_init_dist(seed & MAX_SEED))
        return links

    def _forbidden(self, tokens: frozenset[int]) -> Any:
        array = (self._api.llama_logit_bias * len(tokens))()
        for place, token in zip(array, tokens, strict=True):
            place.token, place.bias = token, -math.inf
        return array


def damaged_numbers() -> KnownError:
    return KnownError("model.damaged", reason=_("it computes numbers that are none"))


def refuse_strange(logits: NDArray[np.float32]) -> None:
    """Raise KnownError `model.damaged` unless all logits are finite."""
    if not np.isfinite(logits).all():
        raise damaged_numbers()


def _candidates_of(ids: NDArray[np.int32], logits: NDArray[np.float32]) -> NDArray[np.void]:
    some = np.zeros(len(ids), dtype=_CANDIDATE)
    some["id"], some["logit"] = ids, logits[ids]
    return some


def _value(number: float | None) -> float:
    return 0.0 if number is None else float(number)


def _window(tokens: int) -> int:
    """How far penalties look back; negative for the whole answer."""
    return tokens if tokens >= 0 else _WHOLE_ANSWER


def make_grammar_sampler(vocab: int, gbnf: str) -> Any:
    """A sampler that allows only what `gbnf` allows, for the model of `vocab` (llama.cpp's pointer).

    The caller frees it with llama_sampler_free.  Only grammars of the program's own come here: llama.cpp runs forever
    on some that a person could write.  Raises KnownError `grammar.invalid`.
    """
    try:
        raw = gbnf.encode("utf-8")
    except UnicodeEncodeError as err:
        raise KnownError("grammar.invalid", reason=_("holds half a character")) from err
    sampler = None if b"\0" in raw else load_library().api.llama_sampler_init_grammar(vocab, raw, b"root")
    if not sampler:
        raise KnownError("grammar.invalid", reason=_("llama.cpp refuses it"))
    return sampler

"""A request made ready for the scheduler: tokenised, checked, with its sampler."""

from __future__ import annotations

import secrets
from collections.abc import Sequence as Items

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.types import Priority, PromptPart, Sampling
from slmdesk.engine.base import Request
from slmdesk.engine.llama.adapters import Adapter
from slmdesk.engine.llama.choices import tokens_of_choices
from slmdesk.engine.llama.detokenizer import Detokenizer
from slmdesk.engine.llama.loading import Loaded
from slmdesk.engine.llama.sampler import MAX_SEED, USUAL, Sampler
from slmdesk.engine.llama.sequence import PreparedRequest, Sequence
from slmdesk.engine.llama.stream import Outbox
from slmdesk.engine.llama.thinking import Thought
from slmdesk.engine.llama.vocabulary import Vocabulary, tokenize_parts

LEAST_ANSWER = 16
"""Tokens an answer must have space for, unless fewer are requested."""


def prepare(
    model: Loaded, request: Request, parts: Items[PromptPart], *, priority: Priority, outbox: Outbox, adapter: Adapter
) -> Sequence:
    """The sequence of a request whose prompt is `parts`.  Within `model.use()`, any thread.

    Raises KnownError `context.full`, `request.invalid`, `grammar.invalid`.
    """
    vocabulary, info = model.vocabulary, model.info
    thinks = model.thoughts if request.messages and request.is_free else None
    prompt = tokenize_parts(vocabulary, parts)
    sampling = request.sampling.over(info.sampling_defaults).over(USUAL)
    if sampling.word_bias:
        sampling = changed(sampling, logit_bias=(*_bias_of_words(vocabulary, sampling), *sampling.logit_bias))
    choices = tokens_of_choices(vocabulary, request.choices)
    most = _most_tokens(len(prompt), 1 if choices else sampling.max_tokens, info.context_tokens)
    seed = secrets.randbelow(MAX_SEED) if sampling.seed is None else sampling.seed & 0xFFFFFFFF
    sampler = Sampler(model.weights.library, vocabulary, vocab=model.weights.vocab, sampling=sampling, seed=seed)
    if request.answer_prefix:
        sampler.begin_behind(vocabulary.tokenize(request.answer_prefix, special=False))
    return Sequence(
        PreparedRequest(
            key=request.key,
            prompt=tuple(prompt),
            most_tokens=most,
            seed=seed,
            seed_given=sampling.seed is not None,
            stops=(*sampling.stop, *(model.chat_format.stop_strings if request.messages else ())),
            drop_lead=model.chat_format.answer_lead if request.messages and not request.answer_prefix else "",
            context_tokens=info.context_tokens,
            choices=request.choices,
            choice_tokens=choices,
            with_probabilities=request.with_probabilities,
        ),
        priority=priority,
        outbox=outbox,
        sampler=sampler,
        detokenizer=Detokenizer(vocabulary.pieces),
        end_tokens=vocabulary.end_tokens,
        adapter=adapter,
        thought=Thought(thinks, sampling, is_open=thinks.marks.is_open_in(_end_of(parts))) if thinks else None,
    )


def _bias_of_words(vocabulary: Vocabulary, sampling: Sampling) -> list[tuple[int, float]]:
    """The bias of words by the first token of each, as it stands within a text, and at its beginning."""
    biases = []
    for words, bias in sampling.word_bias:
        for text in (f" {words}", words):
            tokens = vocabulary.tokenize(text, special=False)
            first = next((one for one in tokens if vocabulary.pieces[one].strip()), None)  # not the space alone
            biases += [] if first is None else [(first, bias)]
    return biases


def _end_of(parts: Items[PromptPart]) -> str:
    last = max((at for at, part in enumerate(parts) if not part.trusted), default=-1)
    return "".join(part.text for part in parts[last + 1 :])


def _most_tokens(prompt: int, max_tokens: int | None, context_tokens: int) -> int:
    """The limit for the answer's length.  Raises KnownError `context.full`, `request.invalid`."""
    if prompt == 0:
        raise KnownError("request.invalid", what="an empty prompt")
    if max_tokens is not None and max_tokens < 1:
        raise KnownError("request.invalid", what="max_tokens")
    space = context_tokens - prompt
    least = min(LEAST_ANSWER, max_tokens or LEAST_ANSWER)
    if space < least:
        raise KnownError("context.full", needed=prompt + least, available=context_tokens)
    return space if max_tokens is None else min(max_tokens, space)

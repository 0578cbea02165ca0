"""A short test of a model just loaded: does it predict plain sentences, or is it noise?

Damage that neither header nor checksum shows (weights shifted or zeroed, merges in another order) leaves a model that
loads and writes garbage.  How well it predicts a sentence shows it: 0.5 to 1 bit for each byte of its own
language for a working model however small, 3 to 8 for damaged ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from slmdesk.engine.llama.context import DECODED, Context
from slmdesk.engine.llama.vocabulary import Vocabulary

_HOPELESS_BITS = 4.5
"""For a byte of English: about what guessing its letters costs, and more than it costs a model of another language."""
_FIRST = ("All human beings are born free and equal in dignity and rights.", 2.2)
_OTHERS = (
    ("Once upon a time there was a little girl who lived in a house with her mother and father.", 2.2),
    ("def main():\n    for i in range(10):\n        print(i)\n", 2.0),
    ("Alle Menschen sind frei und gleich an Würde und Rechten geboren.", 1.3),
    ("Tous les êtres humains naissent libres et égaux en dignité et en droits.", 1.3),
    ("Todos los seres humanos nacen libres e iguales en dignidad y derechos.", 1.3),
    ("Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti.", 1.3),
    ("Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.", 1.3),
    ("人人生而自由，在尊严和权利上一律平等。", 1.2),
    ("すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。", 1.2),
    ("모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.", 1.2),
    ("Все люди рождаются свободными и равными в своем достоинстве и правах.", 0.9),
    ("يولد جميع الناس أحرارا متساوين في الكرامة والحقوق.", 0.9),
    ("सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।", 0.9),
)
"""Sentences that any model of their language has read, and the bits a byte up to which it is taken to know them.

The others are stricter: a working model knows one of them well.  Where a letter takes several bytes, a byte is easier
to predict.
"""


def behaves(context: Context, vocabulary: Vocabulary, threads: int, keep_going: Callable[[], bool]) -> bool | None:
    """Whether the model predicts one of the sentences; None where that could not be determined.

    The context is empty again afterwards.
    """
    for text, most_bits in (_FIRST, *_OTHERS):
        if not keep_going():
            return None
        tokens = vocabulary.tokenize(text, special=False, after_text=False)
        if vocabulary.pieces_of(tokens).strip() != text.strip().encode():
            continue  # a tokenizer that does not return what it was given, or lacks these letters
        if vocabulary.add_bos and vocabulary.bos >= 0:
            tokens.insert(0, vocabulary.bos)
        if len(tokens) > context.cells:
            return None
        bits = _nats(context, tokens, threads) / math.log(2) / len(text.encode())
        if bits <= most_bits:
            return True
        if text == _FIRST[0] and bits > _HOPELESS_BITS:  # merges in another order spoil what Latin letters write alone
            return False
    return False


def _nats(context: Context, tokens: Sequence[int], threads: int) -> float:
    """How surprising the tokens after the first are, in nats; infinite where the library cannot compute them."""
    surprise = 0.0
    try:
        for begin in range(0, len(tokens) - 1, context.most_logits):
            piece = tokens[begin : min(begin + context.most_logits, len(tokens) - 1)]
            context.clear()
            for offset, token in enumerate(piece):
                context.add(token, begin + offset, 0)
            if context.decode(threads) != DECODED:
                return math.inf
            for offset in range(len(piece)):
                logits = context.logits(offset).astype(np.float64)
                top = float(logits.max())
                likely = float(logits[tokens[begin + offset + 1]]) - top
                surprise += math.log(float(np.exp(logits - top).sum())) - likely
    finally:
        context.forget(0)
    return surprise if not math.isnan(surprise) else math.inf

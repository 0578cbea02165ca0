"""Finds text of a person or a document that looks like the start of a turn, if a format marks turns by plain words.

In formats with control tokens there is no such text: what is untrusted never becomes one.  Formats without (alpaca,
vicuna, plain dialogue) mark a turn by "User:" at the start of a line, and a model cannot distinguish a written one from
a real one.  That cannot be fixed without changing the text, so it is reported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmdesk.base.types import PromptPart
from slmdesk.engine.llama.vocabulary import Vocabulary

_MARK = re.compile(
    r"(?:^|(?<=[\s>\]]))(?:#{2,4} ?)?[A-Za-z]{3,15}:(?=\s*$)|<\|?[a-z_]{3,15}\|?>|\[/?[A-Z]{3,10}\]", re.MULTILINE
)
MOST = 5


def lookalikes(parts: Sequence[PromptPart], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Turn marks that are plain words to the model and occur in an untrusted text, at most MOST."""
    trusted = "\n".join(part.text for part in parts if part.trusted)
    words = "\n".join(part.text for part in parts if not part.trusted)
    found = []
    for mark in dict.fromkeys(_MARK.findall(trusted)):
        if re.search(rf"(?:^|\s){re.escape(mark)}", words) and not _is_marker(mark, vocabulary):
            found.append(mark)
    return tuple(found[:MOST])


def _is_marker(mark: str, vocabulary: Vocabulary) -> bool:
    """Whether the model has it as a token of its own, which no written text becomes."""
    return any(token in vocabulary.marker_tokens for token in vocabulary.tokenize(mark, special=True))

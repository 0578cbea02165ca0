"""What a model may do here: write a summary, answer, translate, word a letter. Everything asks this module.

Published measures decide where there are any (`measured` in models/gguf/families.toml), and the size of the model
elsewhere.
A model that a person names is used whatever stands here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.models.gguf.header import MeasuredModel, families
from slmdesk.models.service import translator_family


class Ability(StrEnum):
    WRITE = "write"
    """A summary in the model's own words."""
    ANSWER = "answer"
    """Questions, rows of tables, and the wording of single points."""
    TRANSLATE = "translate"
    LETTER = "letter"


FEWEST: Mapping[Ability, int] = {
    Ability.WRITE: 3_000_000_000,
    Ability.ANSWER: 300_000_000,
    Ability.TRANSLATE: 600_000_000,
    Ability.LETTER: 300_000_000,
}
"""Fewest parameters of a model that may do a work although nobody measured it.

One of 1.5 billion wrote 57 of 153 points of summaries for which rules have 78; those below 600 million wrote word salad
for every pair of languages that was tried.
"""
FEWEST_THAT_WORD = 700_000_000
"""A model with fewer parameters is not trusted to word a point of a summary or of a comparison."""
NEAR = 0.1
"""Largest share by which the parameters of a file may differ from those that were measured."""
NAMES: Mapping[Ability, str] = {
    Ability.WRITE: _("summaries"),
    Ability.ANSWER: _("questions"),
    Ability.TRANSLATE: _("translation"),
    Ability.LETTER: _("letters"),
}


def may(record: ModelRecord, work: Ability) -> bool:
    """Return whether a model that nobody named may do a work."""
    if translator_family(record) is not None:
        return work is Ability.TRANSLATE
    measured = measured_of(record)
    if measured is not None:
        return work in measured.may
    parameters = parameters_of(record)
    if not parameters:
        return work is not Ability.WRITE
    return parameters >= FEWEST[work]


def is_smaller(record: ModelRecord, fewest: int) -> bool:
    """Return whether a model is known to have fewer parameters."""
    return 0 < parameters_of(record) < fewest


def parameters_of(record: ModelRecord) -> int:
    """Return the number of parameters, or 0 if it is unknown."""
    parameters = record.header.get("parameters")
    return parameters if isinstance(parameters, int) else 0


def measured_of(record: ModelRecord) -> MeasuredModel | None:
    """Return what was measured of a model, or None if nobody tried it."""
    names = re.sub(r"[\W_]+", "", str(record.header.get("names") or record.name)).casefold()
    for measured in families().measured:
        is_as_large = abs(parameters_of(record) / measured.parameters - 1) < NEAR
        if is_as_large and re.fullmatch(f"(?:{measured.names})+", names):
            return measured
    return None


def measured_words(record: ModelRecord) -> str:
    """Return what was measured of a model, and by whom. Empty if nobody tried it."""
    measured = measured_of(record)
    return f"{_(measured.words)} ({measured.source}, {measured.date})" if measured else ""


def suits_words(record: ModelRecord) -> str:
    """Return in a sentence what a model may do, and whether it was tried. Empty for a file that writes no text."""
    if not record.can_chat:
        return ""
    listed = ", ".join(name for work, name in NAMES.items() if may(record, work))
    if not listed:
        return _("For short chats only.")
    if measured_of(record) is None:
        return _("For {listed}; not tried.").format(listed=listed)
    return _("For {listed}.").format(listed=listed)

"""Sentences that refer to the one before them: "It is due on the first.", "If they do not, …".  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PRONOUNS: Mapping[str, str] = {
    "en": r"(?:it(?! is (?:\w+ )?\w+ (?:to|that)\b)|its|he|his|she|her|they|their|such|also|"
    r"(?:this|that|these|those)(?= (?:\w+s|are|were|can|may|must|shall|will|should|have)\b))",
    "de": r"(?:es|er|dies|ihre?|auch|(?:das|diese)(?= (?:ist|sind|gilt|war|waren|kann|muss|wird|ergibt|bedeutet|"
    r"entspricht|heißt|führt)\b))",
    "fr": r"(?:il(?! est (?:interdit|permis|possible|nécessaire))|ils|elles?|cela|ceci|ce(?= n?'?est)|c(?=['’]est))",
    "es": r"(?:él|ella|ellos|ellas|ello|esto|eso)",
    "it": r"(?:esso|essa|essi|esse|ciò|questo(?= è))",
    "pl": r"(?:on|ona|ono|oni|one|to(?= jest))",
    "pt": r"(?:ele|ela|eles|elas|isto|isso)",
    "nl": r"(?:het(?= (?:is|wordt|kan|moet))|zij|ze|hij|dit(?= is))",
}
_LINKS: Mapping[str, str] = {
    "en": r"(?:(?:if|when|unless|until|after) (?:it|he|she|they|so|not|this)|otherwise|in (?:this|that|such a) case|"
    r"(?:we|they|the \w+) (?:have|has|had)(?: \w+)? to do so|please \w+ (?:it|them|this))",
    "de": r"(?:(?:wenn|falls|sobald) (?:er|sie|es|dies|das)|andernfalls|sonst|in diesem fall|dabei|dafür|dazu|hierfür|"
    r"hierzu)",
    "fr": r"(?:dans ce cas|sinon|à défaut|s['’]ils?|si (?:elles?|cela))",
    "es": r"(?:en (?:este|ese|tal) caso|de lo contrario|si no|para ello)",
    "it": r"(?:in (?:questo|tal) caso|altrimenti|in caso contrario|a tal fine)",
    "pl": r"(?:w (?:tym|takim) (?:przypadku|wypadku)|w przeciwnym razie|w tym celu)",
    "pt": r"(?:n(?:este|esse) caso|caso contrário|para isso)",
    "nl": r"(?:in dat geval|anders|daarvoor|hiervoor|als (?:hij|zij|ze|dit|dat))",
}


def begins_with_pronoun(sentence: str, language: str) -> bool:
    """Return whether a sentence begins so that it says nothing alone: "It is", "This applies", but not "This lease"."""
    return _begins(_PRONOUNS, sentence, language)


def refers_back(sentence: str, language: str) -> bool:
    """Return whether a sentence begins with a pronoun, or as a consequence or condition of what stands before it."""
    return begins_with_pronoun(sentence, language) or _begins(_LINKS, sentence, language)


def _begins(patterns: Mapping[str, str], sentence: str, language: str) -> bool:
    pattern = patterns.get(language or "en")
    return pattern is not None and re.match(rf"{pattern}(?!\w)", sentence, re.IGNORECASE) is not None

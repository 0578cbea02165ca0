from __future__ import annotations

import pytest

from slmdesk.core.translation import SegmentFlag
from slmdesk.services.translation.asking.prompts import TranslationStyle, translation_step
from slmdesk.text.translation.tagged import Tags

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        (SegmentFlag("number", "900", "missing"), "the number 900 must be there"),
        (SegmentFlag("number", "95", "added"), "the number 95 is not in the text"),
        (SegmentFlag("number", "90", "900"), "the number 90 must be 900"),
        (SegmentFlag("placeholder", "{name}", "missing"), "{name} must be kept letter for letter"),
        (SegmentFlag("placeholder", "%s", "added"), "%s is not in the text"),
        (SegmentFlag("glossary", "rent", "Miete"), "rent must be translated as Miete"),
        (SegmentFlag("language", "The rent", "en"), "it must be in German"),
    ],
)
def test_a_second_try_is_told_what_was_wrong(flag: SegmentFlag, said: str) -> None:
    step = translation_step("The rent is 900 euros.", Tags(), TranslationStyle("de", "en"), wrong=[flag])
    assert f"A first translation was wrong: {said}. Translate again" in str(step["messages"])

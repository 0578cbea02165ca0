from __future__ import annotations

import pytest

from slmdesk.models.online.hub import (
    LICENCES,
    PERMISSIVE,
    LicencePermission,
    is_permissive,
    licence_named,
    licence_words,
)

pytestmark = pytest.mark.pure
NOT_STATED = "not stated: ask the publisher before using it at work"


@pytest.mark.parametrize(
    ("short", "words"),
    [
        ("apache-2.0", "Apache 2.0, free for any use, also at work"),
        ("MIT", "MIT, free for any use, also at work"),
        ("llama3.2", "Llama 3.2 Community, has conditions for use at work"),
        ("cc-by-nc-4.0", "CC BY-NC 4.0, not for use at work"),
        ("other", "a licence of its own, read it before using the model at work"),
        ("my-licence", "my-licence, read it before using the model at work"),
        ("", NOT_STATED),
        (" ", NOT_STATED),
    ],
)
def test_a_licence_is_said_with_what_it_allows(short, words) -> None:
    assert licence_words(short) == words


def test_only_what_is_known_to_leave_a_company_free_is_permissive() -> None:
    assert {"apache-2.0", "mit", "bsd-3-clause", "cc-by-4.0"} <= PERMISSIVE
    assert not {key for key in PERMISSIVE if "nc" in key.split("-") or "llama" in key or "gpl" in key}
    assert is_permissive("Apache-2.0")
    assert not any(map(is_permissive, ("", "other", "gemma", "no-such", "cc-by-sa-4.0")))


def test_a_hostile_name_is_one_line() -> None:
    licence = licence_named("<b>\u202ex</b>\n" + "y" * 500)
    assert licence is not None
    assert licence.allows is LicencePermission.UNKNOWN
    assert len(licence.name) <= 60
    assert "\n" not in licence.name
    assert "\u202e" not in licence.name
    assert all(key == key.lower() for key in LICENCES)

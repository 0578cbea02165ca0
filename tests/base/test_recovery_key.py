from __future__ import annotations

import random

import pytest

from slmdesk.base.sealing import looks_like, new_recovery_key, secret_of, shown

pytestmark = pytest.mark.pure


def test_it_is_eight_groups_of_four_and_a_check_sign() -> None:
    key = new_recovery_key()
    assert [len(group) for group in key.split("-")] == [4] * 8 + [1]
    assert secret_of(key) is not None
    assert shown(secret_of(key) or b"") == key
    assert new_recovery_key() != key


def test_it_may_be_typed_as_people_type() -> None:
    secret = bytes(range(20))
    key = shown(secret)
    for typed in (key.lower(), key.replace("-", ""), f"  {key.replace('-', ' ')}\n", key.replace("-", "–"),
                  key.replace("0", "o").replace("1", "l"), key.replace("1", "I").replace("0", "O")):  # fmt: skip
        assert secret_of(typed) == secret, typed


def test_every_wrong_sign_and_two_that_changed_places_are_noticed() -> None:
    chance = random.Random(1)
    for _ in range(50):
        signs = list(shown(chance.randbytes(20)).replace("-", ""))
        for place in range(33):
            for other in "0Z" if place < 32 else "0Z*":
                typed = [*signs[:place], other, *signs[place + 1 :]]
                assert typed == signs or secret_of("".join(typed)) is None
        for place in range(32):
            typed = [*signs[:place], signs[place + 1], signs[place], *signs[place + 2 :]]
            assert typed == signs or secret_of("".join(typed)) is None


@pytest.mark.parametrize("typed", ["", "correct horse battery staple", "0" * 34, "0" * 32, "U" * 33, "é" * 33])
def test_anything_else_is_none(typed: str) -> None:
    assert secret_of(typed) is None
    assert not looks_like(typed)

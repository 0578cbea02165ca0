from __future__ import annotations

import builtins

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.sealing import SealBroken, derive, new_key, seal, unseal

pytestmark = pytest.mark.pure


def test_a_derived_key_is_that_of_the_standard() -> None:
    """RFC 5869, test case 3."""
    key = bytes.fromhex("0b" * 22)
    salt = bytes(range(13))
    assert derive(key, "", length=42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )
    assert derive(key, "a", length=42, salt=salt) != derive(key, "b", length=42, salt=salt)
    assert len(derive(key, "a")) == 32


def test_what_was_sealed_is_opened_with_the_same_key_and_purpose_only() -> None:
    key, words = new_key(), b"words of a client" * 100
    sealed = seal(key, words, b"state:1")
    assert unseal(key, sealed, b"state:1") == words
    assert b"client" not in sealed
    assert seal(key, words, b"state:1") != sealed, "each time with a nonce of its own"
    for other, aad in ((new_key(), b"state:1"), (key, b"state:2"), (key, b"")):
        with pytest.raises(SealBroken):
            unseal(other, sealed, aad)


def test_each_changed_byte_and_each_cut_is_noticed() -> None:
    key = new_key()
    sealed = seal(key, b"ten bytes!")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            unseal(key, bytes(changed))
        with pytest.raises(SealBroken):
            unseal(key, sealed[:place])


def test_without_the_library_it_says_which_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.startswith("cryptography"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    for attempt in (lambda: derive(bytes(32), "x"), lambda: seal(bytes(32), b""), lambda: unseal(bytes(32), b"")):
        with pytest.raises(KnownError) as caught:
            attempt()
        assert (caught.value.code, caught.value.args_for_people) == ("key.library_missing", {"library": "cryptography"})

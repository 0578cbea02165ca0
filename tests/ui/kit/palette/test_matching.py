"""Which names are found by what is typed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from slmdesk.base.text.folding import fold
from slmdesk.ui.kit.palette import matching

pytestmark = pytest.mark.pure


@dataclass(frozen=True)
class Name:
    name: str

    @property
    def folded(self) -> str:
        return fold(self.name)


def names_for(words: str, *names: str) -> list[str]:
    return [hit.name for hit in matching([Name(name) for name in names], words)]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("new chat ", "New chat"),
        ("chat new", "New chat"),
        ("2024", "lease_2024-final.pdf"),
        ("ease", "lease.pdf"),
        ("uber", "Über die Miete"),
        ("合同", "租赁合同.docx"),
        ("[a-z] (?", "x (?[a-z]"),
    ],
)
def test_a_name_in_which_every_typed_word_stands_is_found(words, name):
    assert names_for(words, "something else", name) == [name]


def test_a_name_that_lacks_a_word_is_not_found_and_the_others_keep_their_order():
    assert names_for("lease b", "annual lease", "lease b", "lease a", "old b lease") == ["lease b", "old b lease"]

"""The questions whose passages are looked for: enough of them, and each with one passage that answers it."""

from __future__ import annotations

import tomllib

import pytest

from benchmarks.asking import pages_of
from benchmarks.quality.passages import FOLDER
from slmdesk.base.text.passages import PassageBuilder

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("language", ["de", "es", "fr", "pl"])
def test_each_question_has_one_passage(language):
    expected = tomllib.loads((FOLDER / "passages" / f"{language}.toml").read_text(encoding="utf-8"))
    texts: list[str] = []
    for name in expected["documents"]:
        builder = PassageBuilder("")
        passages = [passage for page in pages_of(FOLDER / name) for passage in builder.feed(page)]
        texts += [passage.text for passage in (*passages, *builder.finish())]
    assert len(texts) >= 60
    assert [len(expected[part]) for part in ("open", "aside")] == [20, 20]
    assert all(sum(quote in text for text in texts) == 1 for _, quote in [*expected["open"], *expected["aside"]])

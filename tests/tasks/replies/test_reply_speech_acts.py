from __future__ import annotations

import pytest

from benchmarks import speech_acts as learning
from slmdesk.base.record import changed
from slmdesk.tasks.replies import speech_acts
from slmdesk.tasks.replies.points import Sentence, acts_in
from slmdesk.tasks.replies.speech_acts import buckets_of, wants_answer

pytestmark = pytest.mark.pure


def test_a_letter_without_sentences_has_none_that_wants_an_answer() -> None:
    assert wants_answer([]) == []


def test_what_no_form_of_asking_tells_is_known_by_its_words() -> None:
    lines = (
        "beim Umbau Ihres Ladens haben wir uns an die Pläne vom 4. März gehalten.",
        "Dass die Theke nun zu hoch ist, liegt am nachträglich eingebauten Podest.",
        "Ein Kürzen wäre für 460 Euro machbar.",
        "Die übrigen Möbel sind geliefert.",
    )
    assert not any(acts_in(line, "de") for line in lines)
    assert wants_answer([Sentence(line) for line in lines]) == [False, False, True, False]


def test_the_line_that_a_list_belongs_to_counts_for_each_item() -> None:
    items = [Sentence(text, is_item=True) for text in ("The lease.", "The plan.")]
    asked, told = Sentence("I need from you:"), Sentence("The file has:")
    assert buckets_of([asked, *items], 2) != buckets_of([told, *items], 2)


def test_what_has_the_form_of_asking_is_left_out_only_where_it_is_unlikely_to_ask() -> None:
    line = Sentence("It rains.")
    courteous = changed(line, acts=("courtesy",))
    asking = changed(line, acts=("courtesy", "duties"))
    assert speech_acts.least_odds(line) == speech_acts.least_odds(courteous) > speech_acts.least_odds(asking)


def test_what_is_learned_from_letters_tells_others(tmp_path, monkeypatch, capsys) -> None:
    letters, aside = tmp_path / "letters", tmp_path / "aside"
    letters.mkdir()
    aside.mkdir()
    asked = [f"1\tZorp the {name} today.\n0\tYesterday the {name} was green.\n" for name in ("gate", "wall", "roof")]
    (letters / "en-letters.tsv").write_text("\n".join(asked) * 9, "utf-8")
    (aside / "en.tsv").write_text("1\tZorp the bell today.\n0\tYesterday the bell was green.\nd\tPerhaps.\n", "utf-8")
    weights = tmp_path / "weights.bin"
    monkeypatch.setattr(learning, "WEIGHTS", weights)
    assert learning.main([str(letters), "--aside", str(aside), "--keep"]) == 0
    assert "aside: 2 sentences, 1 points: 1 found, 0 of 1 shown are none" in capsys.readouterr().out
    assert weights.stat().st_size == len(speech_acts.BUCKETS * b"xx") + 8

from __future__ import annotations

import pytest
from fakes.recorder import add_model

from slmdesk.base.errors import KnownError
from slmdesk.models.service import free_name
from slmdesk.runtime.events import ModelsChanged

pytestmark = pytest.mark.process


@pytest.fixture
def two(opened, tmp_path):
    recorder = opened(model=False)
    return (
        recorder,
        add_model(recorder.services, tmp_path / "a.gguf", "One"),
        add_model(recorder.services, tmp_path / "b", "Two"),
    )


def rename(recorder, model: str, name: str):
    return recorder.ask(lambda services: services.names.rename(model, name))


def test_a_model_is_shown_under_its_new_name(two) -> None:
    recorder, one, _other = two
    assert rename(recorder, one.id[:6], "  For\nletters \x1b ").name == "For letters \ufffd"
    assert recorder.of(ModelsChanged)
    assert recorder.ask(lambda services: services.models.choose("for letters \ufffd")).id == one.id
    assert rename(recorder, one.id, "for LETTERS").name == "for LETTERS"  # its own name in other letters


@pytest.mark.parametrize("name", ["Two", "tWO"])
def test_a_name_belongs_to_one_model(two, name) -> None:
    recorder, one, other = two
    with pytest.raises(KnownError) as err:
        rename(recorder, one.id, name)
    assert (err.value.code, err.value.args_for_people["id"]) == ("model.name_taken", other.id)
    with pytest.raises(KnownError, match=r"^model\.name_taken "):
        rename(recorder, one.id, other.id[:5])  # would be taken for that id
    assert recorder.ask(lambda services: services.store.models.get(one.id)).name == "One"


@pytest.mark.parametrize(("model", "name", "code"), [
    ("One", " \n ", "request.invalid"), ("nothing", "x", "model.unknown"),
])  # fmt: skip
def test_what_is_no_name_or_no_model_is_said(two, model, name, code) -> None:
    with pytest.raises(KnownError) as err:
        rename(two[0], model, name)
    assert err.value.code == code


def test_m11_a_long_name_is_cut_and_marked(two) -> None:
    recorder, one, _other = two
    name = rename(recorder, one.id, "<b>" + "x" * 5000).name
    assert (len(name), name[-1]) == (120, "…")


def test_a_free_name_has_a_number(two) -> None:
    _reported, one, other = two
    assert free_name("Three", (one, other)) == "Three"
    assert free_name("one", (one, other)) == "one (2)"

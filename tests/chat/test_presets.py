"""Presets: what a chat takes from one, what is kept, and the files in which they are handed on."""

from __future__ import annotations

import json

import pytest
from chat.sending import ask, call
from fakes.recorder import result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.chat.presets import differences, shipped, with_preset
from slmdesk.chat.types import ChatOptions, Example, PresetsChanged, options_from

EXAMPLES = (Example("Shorten: it is raining.", "Rain."), Example("Shorten: it is snowing.", "Snow."))


def do(recorder, name: str, *args):
    return call(recorder, lambda: getattr(recorder.services.chats.presets, name)(*args))


def send(recorder, text: str, **more):
    sent, ended = ask(recorder, text, **more)
    return sent, ended.message


def prompt_of(recorder, message: str) -> str:
    return result_of(recorder.services, lambda: recorder.services.chats.seen_by_model(message)).text


def test_the_shipped_ones_are_whole_and_each_has_a_name_of_its_own() -> None:
    names = [preset.name for preset in shipped()]
    assert {"Assistant", "Plain language", "Letter writer", "Customer reply", "Brainstorm", "Code"} <= set(names)
    assert len({*names, *(preset.id for preset in shipped())}) == 2 * len(shipped())
    for ready in shipped():
        assert ready.options.system
        assert ready.words
        assert not ready.options.system.startswith("\n")
    assert next(preset for preset in shipped() if preset.id == "plain-language").options.examples


def test_a_chat_takes_what_a_preset_decides_and_keeps_the_rest() -> None:
    reply = next(preset for preset in shipped() if preset.id == "customer-reply")
    own = ChatOptions(lora="x", seed=7, temperature=1.5, system="Be short.", examples=EXAMPLES)
    taken = with_preset(own, reply)
    assert (taken.system, taken.temperature, taken.examples) == (reply.options.system, 0.4, ())
    assert (taken.lora, taken.seed, taken.preset) == ("x", 7, "customer-reply")
    assert differences(taken, reply) == ()
    bare = ChatOptions(preset="customer-reply", temperature=0.4, answer_language="message")
    assert differences(bare, reply) == ("instructions",)
    assert differences(changed(reply.options, min_p=0.2, stop=("END",)), reply) == ("least likelihood", "stop texts")
    none = with_preset(taken, None)
    assert none == ChatOptions(lora="x", seed=7)


def test_options_with_examples_are_read_again_and_hostile_ones_are_none() -> None:
    options = ChatOptions(preset="x", examples=EXAMPLES)
    assert options_from(json.loads(json.dumps(options.settings))) == options
    for untrusted in (
        "x",
        [["a"]],
        [["a", 1]],
        [["", "b"]],
        [["a", "b"]] * 51,
        [["a" * 8001, "b"]],
        [7],
        [["a" * 7999, "b"]] * 17,
        {"a": 1},
    ):
        assert options_from({"examples": untrusted}).examples == ()


@pytest.mark.process
def test_examples_are_put_before_the_chat_and_stay_there(opened) -> None:
    recorder = opened()
    made = do(recorder, "add", "Shorten", ChatOptions(system="Shorten the sentence.", examples=EXAMPLES))
    sent, answer = send(recorder, "Shorten: it is hot.", changes={"preset": "shorten"})
    assert answer.preset == "Shorten"
    seen = prompt_of(recorder, answer.id)
    order = ["Shorten the sentence.", "it is raining", "Rain.", "it is snowing", "Snow.", "it is hot"]
    places = [seen.index(words) for words in order]
    assert places == sorted(places)
    _again, second = send(recorder, "And now?", chat=sent.item.id)
    assert prompt_of(recorder, second.id).count("Rain.") == 1
    do(recorder, "delete", made.id)  # the chat has taken what was in it
    assert "Rain." in prompt_of(recorder, second.id)
    _third, third = send(recorder, "Without.", chat=sent.item.id, changes={"preset": ""})
    assert "Rain." not in prompt_of(recorder, third.id)
    assert third.preset is None


@pytest.mark.process
def test_presets_are_kept_changed_moved_deleted_and_brought_back(opened) -> None:
    recorder = opened()
    preset, two = (do(recorder, "add", name, ChatOptions(system=name, model="m")) for name in ("One", "Two\n "))
    assert two.name == "Two"
    do(recorder, "move", two.id, -1)
    own = [each.name for each in do(recorder, "list") if not each.is_shipped]
    assert own == ["Two", "One"]
    changed = do(recorder, "change", preset.id, "Uno", ChatOptions(temperature=0.0, max_tokens=64))
    assert (changed.name, changed.options) == ("Uno", ChatOptions(temperature=0.0, max_tokens=64))
    copy = do(recorder, "duplicate", "code")
    assert (copy.name, copy.options.system, copy.is_shipped) == ("Code (copy)", shipped()[6].options.system, False)
    gone = do(recorder, "delete", two.id)
    assert "Two" not in [each.name for each in do(recorder, "list")]
    do(recorder, "put_back", gone)
    assert next(each.name for each in do(recorder, "list")) == "Two"
    assert len(recorder.of(PresetsChanged)) == 7
    after = opened()
    assert [each.name for each in do(after, "list") if not each.is_shipped] == ["Two", "Uno", "Code (copy)"]


@pytest.mark.process
def test_what_cannot_be_is_refused_and_nothing_changes(opened) -> None:
    recorder = opened()
    before = do(recorder, "list")
    for name, args, code in (
        ("add", (" \n", ChatOptions()), "request.invalid"),
        ("add", ("x", ChatOptions(temperature=1e9)), "request.invalid"),
        ("add", ("x", ChatOptions(examples=(Example("", "b"),))), "request.invalid"),
        ("add", ("x", ChatOptions(system="x" * 20_001)), "request.invalid"),
        ("change", ("code", "x", ChatOptions()), "preset.unknown"),
        ("delete", ("code",), "preset.unknown"),
        ("get", ("nothing of the kind",), "preset.unknown"),
    ):
        with pytest.raises(KnownError) as caught:
            do(recorder, name, *args)
        assert caught.value.code == code, name
    assert do(recorder, "list") == before
    with pytest.raises(KnownError):
        send(recorder, "hello", changes={"preset": "nothing of the kind"})


@pytest.mark.process
def test_a_preset_goes_to_a_file_and_comes_back_without_its_model(opened, tmp_path) -> None:
    recorder = opened()
    options = ChatOptions(
        system="Kurz.", temperature=0.0, max_tokens=99, thinking="off", examples=EXAMPLES, min_p=0.1,
        repeat_penalty=1.3, stop=("END",),
    )  # fmt: skip
    made = do(recorder, "add", "Kürzer", changed(options, model="m"))
    file = tmp_path / "preset.json"
    do(recorder, "export_file", made.id, file)
    again = do(recorder, "import_file", file)
    assert (again.name, again.options) == ("Kürzer", options)
    assert again.id != made.id


@pytest.mark.process
def test_files_that_are_no_presets_are_refused_with_the_reason(opened, tmp_path) -> None:
    recorder = opened()
    good = {"slmdesk_preset": 1, "name": "x"}
    for content, reason in (
        ("", "no JSON object"),
        ("[]", "no JSON object"),
        ("{" * 100_000, "no JSON object"),
        ("{}", "no preset of this program"),
        (json.dumps({**good, "slmdesk_preset": 2}), "newer version"),
        (json.dumps({"slmdesk_preset": 1}), "no name"),
        (json.dumps({**good, "name": "\n"}), "no name"),
        (json.dumps({**good, "temperature": "hot"}), "temperature"),
        (json.dumps({**good, "temperature": 1e6}), "temperature"),
        (json.dumps({**good, "examples": [["only one"]]}), "examples"),
        (json.dumps({**good, "stop": [7]}), "stop"),
        (json.dumps({**good, "min_p": 5}), "min_p"),
        (json.dumps({**good, "system": 7}), "system"),
    ):
        file = tmp_path / "file.json"
        file.write_text(content, "utf-8")
        with pytest.raises(KnownError, match=r"preset\.invalid") as caught:
            do(recorder, "import_file", file)
        assert reason in str(caught.value.args_for_people)
    with pytest.raises(KnownError, match=r"file\.unreadable"):
        do(recorder, "import_file", tmp_path)
    (tmp_path / "fine.json").write_text(
        json.dumps({**good, "temperature": 0, "top_p": None, "other": 1, "xtc_threshold": 9}), "utf-8"
    )
    assert do(recorder, "import_file", tmp_path / "fine.json").options == ChatOptions(temperature=0)


@pytest.mark.process
def test_new_chats_begin_with_the_default(opened) -> None:
    recorder = opened()
    made = do(recorder, "add", "Mine", ChatOptions(system="Always rhyme."))
    call(recorder, lambda: recorder.services.settings.change(default_preset=made.id))
    _sent, answer = send(recorder, "hello")
    assert (answer.preset, "Always rhyme." in prompt_of(recorder, answer.id)) == ("Mine", True)
    do(recorder, "delete", made.id)
    assert recorder.services.settings.current.default_preset == ""
    _sent, answer = send(recorder, "hello again")
    assert answer.preset is None

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slmdesk.core.records import Item, Message, Status
from slmdesk.core.types import Origin, Role, TextPart
from slmdesk.exports.chats import FORMATS, iso_time

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parent.parent / "golden"
WHEN = 1_790_000_000.25


def message(n: int, parent: str | None, role: Role, text: str, status: Status = Status.COMPLETE) -> Message:
    answer = role is Role.ASSISTANT
    return Message(
        n=n, id=f"m{n}", item="i1", parent=parent, role=role, parts=() if answer else (TextPart(text, Origin.PERSON),),
        text=text if answer else "", status=status, owner="desk-1", model_sha256="ab" if answer else None,
        model_name="Small *one*" if answer else None, preset=None, sampling={"temperature": 0.5} if answer else {},
        seed=7 if answer else None, tokens_in=12, tokens_out=3, tokens_reused=0, seconds=0.5,
        finish_reason="stop" if status is Status.COMPLETE else None, prompt_version="1",
        error_code="child.died" if status is Status.FAILED else None, error_args={}, created=WHEN + n, revision=n,
    )  # fmt: skip


def chat() -> tuple[Item, list[Message], list[Message]]:
    item = Item(
        n=1, id="i1", kind="chat", title="Boats <b>and</b>\n# lakes", folder=None, pinned=False, created=WHEN,
        updated=WHEN + 9, deleted_at=None, revision=9, settings={"system": "Be short.", "leaf": "m4", "draft": "no"},
    )  # fmt: skip
    user, answer = Role.USER, Role.ASSISTANT
    messages = [
        message(1, None, user, "What is a boat?\n\n```python\nprint('ü')\n```"),
        message(2, "m1", answer, "A vessel."),
        message(3, "m1", answer, "Half an ans", Status.FAILED),
        message(4, "m2", user, "And 日本?"),
        message(5, "m4", answer, "", Status.CANCELLED),
    ]
    return item, messages, [messages[0], messages[1], messages[3], messages[4]]


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_exports_are_as_the_golden_file(kind: str) -> None:
    text = FORMATS[kind](*chat())
    assert text == (GOLDEN / f"chat.{kind}").read_text("utf-8")


def test_json_holds_the_whole_tree_and_no_owner() -> None:
    shape = json.loads(FORMATS["json"](*chat()))
    assert [one["id"] for one in shape["messages"]] == ["m1", "m2", "m3", "m4", "m5"]
    assert shape["shown"] == ["m1", "m2", "m4", "m5"]
    assert "desk-1" not in json.dumps(shape)


def test_times_are_utc() -> None:
    assert iso_time(0) == "1970-01-01T00:00:00Z"

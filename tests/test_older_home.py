"""A home that an earlier version made opens with everything in it: see fakes.older_homes."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes.commands import run_here, run_process
from fakes.encrypted import PASSPHRASE
from fakes.older_homes import holds, plain, unpack
from fakes.recorder import open_echo

from slmdesk.base.paths import find_paths
from slmdesk.base.policy import Policy
from slmdesk.base.settings import SettingsFile
from slmdesk.evaluation.exams import result_of

pytestmark = pytest.mark.process

HOMES = ("starter", "291ee11", "10e8a0d4")
KINDS = {"chat", "question", "summary", "extraction", "versions", "translation"}


def printed(*words: str, run=run_here) -> str:
    """What a command prints; it must end well."""
    status, out, err = run(words, os.environ)
    assert status == 0, (words, err.decode())
    return out.decode()


def as_json(*words: str, run=run_here) -> Any:
    return json.loads(printed(*words, "--json", run=run))


def assert_said(commands: list[dict[str, Any]]) -> None:
    """Each of these commands prints what it printed then."""
    for command in commands:
        now, then = printed(*command["words"]), command["said"]
        if isinstance(then, str):
            assert unframed(now) == unframed(then), command["words"]
        else:
            if isinstance(then, dict) and then.get("format") == "slmdesk-versions":
                del then["summary"]  # counts otherwise since then
            assert holds(json.loads(now), kept(then)), (command["words"], now)


GONE = {
    "typical_p", "dry_multiplier", "dry_base", "dry_allowed_length", "xtc_probability", "xtc_threshold", "word_bias",
    "json_schema", "grammar", "presence_penalty", "frequency_penalty", "penalty_last_n",
}  # fmt: skip
"""Settings of chats and presets that there were then."""


def kept(then: Any) -> Any:
    if isinstance(then, list):
        return [kept(each) for each in then]
    return {key: kept(each) for key, each in then.items() if key not in GONE} if isinstance(then, dict) else then


def unframed(exported: str) -> str:
    """An export without what it has since then (frames around what was said, a word behind a model) and what it writes
    otherwise: the count of changes, a number that begins no list, where a change stands in papers of one section. What
    was measured of compared models is gone.
    """
    exported = re.sub(r"\n\n(?:- First word after: .*(?:\n- .*)*|Vote: .*)", "", exported)
    otherwise = (
        r"^\*\*\d+ changes? .*\*\*$|\\(?=\d+\. )|(?<=\d)\\(?=\. )|,? section 1$|\| (?:Where|section 1) |^[| -]+\|$"
    )
    return re.sub(rf"^(?:> ?)+| \(model\)(?=[^\n]*\*\* ·|$)|{otherwise}", "", exported, flags=re.MULTILINE)


@pytest.mark.parametrize("name", HOMES)
def test_every_item_of_an_older_home_is_there_and_reads_the_same(name: str, tmp_path: Path) -> None:
    then = unpack(name, tmp_path)
    items = as_json("history", "list", run=run_process if name == "starter" else run_here)
    assert {item["kind"] for item in items} >= KINDS, "the control: one of each kind was kept"
    assert_said(then["commands"])
    assert_returned(then["services"])
    settings = SettingsFile(find_paths().settings_file, Policy())
    assert settings.problems == []
    now = plain(settings.current)
    assert holds(now, {key: value for key, value in then["settings"].items() if key in now})


def assert_returned(services: dict[str, Any]) -> None:
    """These services return what they returned then."""
    with closing(open_echo()) as opened:
        for call, then in services.items():
            if call.startswith("comparing."):  # the service is gone; the item itself is exported above
                continue
            now = plain(opened.service_thread.call(lambda call=call: returned(opened, *call.split())))
            assert holds(now, kept(then)), (call, now)


def returned(services, name: str, id: str = "") -> Any:
    """What a service returns of the item or model `id`."""
    chats = services.chats
    if name in ("options", "redactions"):
        ids = [item.id for item in services.store.items.page("chat", limit=100)]
        return {one: chats.options(one).settings if name == "options" else services.redaction.table(one) for one in ids}
    if name == "names":
        return services.redaction.names()
    if name == "presets":
        return [[preset.name, preset.options.settings] for preset in chats.presets.list() if not preset.is_shipped]
    if name == "spaces":
        return chats.spaces.list()
    if name == "exams.result":
        return result_of(services.store.models.get(id))
    service, method = name.split(".")
    about = services.store.models.get(id) if method == "result" else id
    pair = ("en", "de") if service == "pair_exams" else ()
    return getattr(getattr(services, service), method)(about, *pair)


@pytest.mark.parametrize("name", ["291ee11", "10e8a0d4"])
def test_a_backup_of_an_earlier_version_is_restored_whole(name: str, tmp_path: Path) -> None:
    then = unpack(name, tmp_path)
    shutil.rmtree(tmp_path / "home")
    printed("restore", str(tmp_path / "backup.slmdesk"))
    assert_said([one for one in then["commands"] if one["words"][0] in ("history", "memory", "documents")])


def test_an_encrypted_home_of_an_earlier_version_opens_and_is_decrypted_whole(home: Path, tmp_path: Path) -> None:
    then = unpack("10e8a0d4-encrypted", tmp_path)
    items = json.loads(unlocked("history", "list", "--json"))
    assert holds(items, then["commands"][0]["said"])
    unlocked("encrypt", "off")
    assert_said(then["commands"])
    assert_returned(then["services"])
    settings = json.loads((home / "config" / "settings.json").read_text("utf-8"))
    assert settings == {**settings, **then["settings"]}
    assert (home / "data" / "my-words.txt").read_text("utf-8").split() == ["Adeyemi", "Sozialgericht"]


def unlocked(*words: str) -> str:
    """What a command prints that is given the passphrase."""
    reader, writer = os.pipe()
    os.write(writer, f"{PASSPHRASE}\n".encode())
    os.close(writer)
    try:
        return printed("--passphrase-fd", str(reader), *words)
    finally:
        os.close(reader)


def test_a_rule_takes_no_chat_of_an_older_home_that_was_imported_a_short_while_ago(home: Path, tmp_path: Path) -> None:
    unpack("starter", tmp_path)
    now = time.time()
    with closing(sqlite3.connect(home / "data" / "slmdesk.sqlite3")) as conn, conn:
        conn.execute("update items set created = ?1, updated = ?1", (now - 400 * 86_400,))
        (imported,) = conn.execute("select id from items where kind = 'chat'").fetchone()
        mark = json.dumps({"imported": {"program": "ChatGPT", "time": now - 86_400}})
        conn.execute("update items set settings = ? where id = ?", (mark, imported))
        (count,) = conn.execute("select count(*) from items where kind <> 'space'").fetchone()
    printed("retention", "add", "--days", "90")
    printed("retention", "run", "--yes")
    assert [one["id"] for one in as_json("history", "list")] == [imported]
    assert len(as_json("history", "list", "--deleted")) == count - 1

"""Copies of scans that can be searched: one file, or several as one paper. The reader makes them, the app writes."""

from __future__ import annotations

import sys
from functools import partial

import pytest
from fakes.recorder import ECHO, result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.services import open_services

pytestmark = pytest.mark.process

FAKE_READER = """
import base64, hashlib, json, os, sys
def send(**shape):
    sys.stdout.write(json.dumps(shape) + "\\n"); sys.stdout.flush()
def give(job, data):
    send(type="partial", job=job, key="0", value=dict(data=base64.b64encode(data).decode()))
    send(type="done", job=job, result=dict(bytes=len(data), sha256=hashlib.sha256(data).hexdigest()))
capabilities = ["read", "searchable", "join_pages"]
send(type="hello", version=1, role="reader", capabilities=capabilities, pid=os.getpid())
parts = {}
for line in sys.stdin:
    told = json.loads(line)
    if told["type"] == "start" and told["kind"] == "searchable":
        name = os.path.basename(told["payload"]["path"])
        if name.startswith("plain"):
            send(type="failed", job=told["job"], code="document.not_scanned", args={"path": name})
        else:
            give(told["job"], f"<{name} {told['payload']['password']}>".encode())
    if told["type"] == "step":
        value = told["payload"]
        parts.setdefault(value["part"], b"")
        parts[value["part"]] += base64.b64decode(value["data"])
    if told["type"] == "end_of_steps" and parts:
        give(told["job"], b"".join(parts[number] for number in sorted(parts)))
        parts = {}
"""


@pytest.fixture
def services(tmp_path):
    script = tmp_path / "reader.py"
    script.write_text(FAKE_READER)
    opened = open_services(find_paths(), commands={"engine": ECHO, "reader": [sys.executable, str(script)]})
    yield opened
    opened.close()


def written(services, files, target, **more):
    return result_of(services, lambda: services.documents.write_searchable(files, target, **more))


def scans(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"x")
    return [folder / name for name in names]


def test_one_scan_is_written_and_nothing_is_replaced(services, tmp_path):
    files, target = scans(tmp_path, "a.pdf"), tmp_path / "b.pdf"
    made = written(services, files, target, password="secret")
    assert (made.target, made.bytes) == (target, len(target.read_bytes()))
    assert target.read_bytes() == b"<a.pdf secret>"
    assert written(services, files, target).code == "file.exists"
    assert target.read_bytes() == b"<a.pdf secret>"


def test_several_pictures_become_one_paper_in_the_order_given(services, tmp_path):
    written(services, scans(tmp_path, "2.png", "1.jpg", "3.tif"), tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").read_bytes() == b"<2.png ><1.jpg ><3.tif >"


def test_what_is_no_scan_is_told_and_nothing_is_written(services, tmp_path):
    assert written(services, scans(tmp_path, "a.png", "plain.pdf"), tmp_path / "b.pdf").code == "document.not_scanned"
    assert not (tmp_path / "b.pdf").exists()


def test_a_copy_never_takes_the_place_of_its_source(services, tmp_path):
    files = scans(tmp_path, "a.pdf", "b.pdf")
    for wrong, target in ((files, files[1]), ([], tmp_path / "c.pdf")):
        with pytest.raises(KnownError) as told:
            services.service_thread.call(partial(services.documents.write_searchable, wrong, target))
        assert told.value.code == ("file.is_source" if wrong else "request.invalid")

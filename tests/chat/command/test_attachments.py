"""What is attached to a mail, from the command line: listed, and read by its number."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

pytestmark = pytest.mark.process


@pytest.fixture
def mail(tmp_path):
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.org", "Prices"
    message.set_content("See what is attached.")
    message.add_attachment(b"bolt,23.70", maintype="text", subtype="csv", filename="../../price\u202e list.csv")
    message.add_attachment(bytes(range(256)), maintype="application", subtype="octet-stream", filename="tool.exe")
    path = tmp_path / "mail.eml"
    path.write_bytes(message.as_bytes())
    return path


@pytest.mark.parametrize("saving", [(), ("--no-save",)])
def test_attachments_are_listed_and_read_by_number(run, mail, saving) -> None:
    listed = run("documents", "text", str(mail), *saving)
    notes = [line for line in listed.err.splitlines() if "attachment" in line]
    assert notes == [
        "note: attachment 1: price\N{REPLACEMENT CHARACTER} list.csv (10 bytes)",
        "note: attachment 2: tool.exe (no reader knows it)",
        "note: --attachment N reads one of them",
    ]
    read = run("documents", "text", str(mail), "--attachment", "1", *saving)
    assert (read.status, read.out.split()) == (0, ["bolt", "23.70"])
    missing = run("documents", "text", str(mail), "--attachment", "7", *saving)
    assert missing.status == 2
    assert "mail.eml has 2 attachments; there is no number 7." in missing.err
    odd = run("documents", "text", str(mail), "--attachment", "2", *saving)
    assert (odd.status, odd.out) == (1, "")
    assert "error:" in odd.err

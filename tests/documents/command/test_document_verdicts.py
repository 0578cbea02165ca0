"""X5 and X6 through the whole command: what cannot be read is said, each cause in a sentence of its own."""

from __future__ import annotations

import subprocess

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.compound_file import compound_file
from fakes.tiny_pdf import TinyPdf, lines

pytestmark = pytest.mark.process

WHOLE = bytes(TinyPdf().page(*lines(50, 700, "words of a page")))


def test_x5_six_causes_have_six_sentences(run, tmp_path, monkeypatch):
    """A password, no text layer, damage, nothing in it, a program renamed, and a name that lies."""
    monkeypatch.setattr(
        "slmdesk.children.formats.pdf.is_available", lambda: False
    )  # text recognition is not the subject
    files = {
        "locked.pdf": bytes(TinyPdf(password="secret").page(*lines(50, 700, "words"))),
        "scan.pdf": bytes(TinyPdf().page(picture=True)),
        "damaged.pdf": b"%PDF-1.7\n" + b"junk " * 100,
        "empty.pdf": b"",
        "program.txt": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 8,
        "renamed.docx": WHOLE,
    }
    said: dict[str, str] = {}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        done = run("documents", "text", "--no-save", str(tmp_path / name))
        assert done.status == (0 if name in ("scan.pdf", "renamed.docx") else 1), (name, done.err)
        said[name] = done.err.replace(str(tmp_path), "").replace(f"/{name}", "").replace(name, "").strip()
        print(f"{name}: {said[name]}")
        assert said[name]
    assert len(set(said.values())) == 6
    assert "password" in said["locked.pdf"]
    assert "scan" in said["scan.pdf"]
    locked = compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"y"})
    (tmp_path / "locked.docx").write_bytes(locked)
    for name in ("locked.docx", "locked.xlsx", "locked.pptx"):
        (tmp_path / name).write_bytes(locked)
        err = run("documents", "text", "--no-save", str(tmp_path / name)).err
        assert "slmdesk cannot open: save a copy without a password" in err


LETTERS = {
    "cp1250": "Zażółć gęślą jaźń, příliš žluťoučký kůň úpěl ďábelské ódy. Łódź i Kraków leżą w Polsce.",
    "utf-16-le": "Plain words in sixteen bits, without a mark at the beginning.",
}


@pytest.mark.parametrize("encoding", LETTERS)
def test_x6_letters_are_right_or_the_guess_is_shown_and_can_be_changed(run, tmp_path, encoding):
    path = tmp_path / "letters.txt"
    path.write_bytes(LETTERS[encoding].encode(encoding))
    done = run("documents", "text", "--no-save", str(path), "--json")
    (page,) = done.json["pages"]
    assert "\ufeff" not in page["text"]
    guessed = "encoding_guessed" in str(done.json) or "encoding" in done.err
    print(f"{encoding}: {'right' if page['text'].strip() == LETTERS[encoding] else 'other'}, guess said: {guessed}")
    assert page["text"].strip() == LETTERS[encoding] or guessed
    reported = run("documents", "text", "--no-save", str(path), "--encoding", encoding, "--json")
    assert reported.json["pages"][0]["text"].strip() == LETTERS[encoding]


def test_without_a_terminal_the_password_is_a_line_of_stdin(run, environment, tmp_path):
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(bytes(TinyPdf(password="secret").page(*lines(50, 700, "The rent is 900 euros."))))

    def read(words: str, *more: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*SLMDESK, "documents", "text", str(locked), *more], input=words, capture_output=True, text=True,
            timeout=60, env=environment, cwd=ROOT, start_new_session=True,
        )  # fmt: skip

    assert "documents text FILE --password" in run("documents", "text", str(locked), stdin="").err
    nothing = read("", "--password")
    assert nothing.returncode == 2
    assert "stdin" in nothing.stderr
    assert "getpass" not in nothing.stderr
    done = read("secret\n", "--password")
    assert done.returncode == 0, done.stderr
    assert "900 euros" in done.stdout
    assert "Warning" not in done.stderr
    again = run("documents", "text", str(locked))
    assert "900 euros" in again.out, "it was read, and every command can use it"

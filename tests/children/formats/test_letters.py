"""X6: letters are right, or the guess is said; a mark is never part of a text."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import Note
from slmdesk.base.errors import KnownError
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.text import decode, decoded_text

pytestmark = pytest.mark.pure

TEXTS = {
    "cp1252": ["Größe", "Müller, Straße 5, Übergröße", "café déjà vu, où est-il?", "naïve “quotes” – dash €5"],
    "cp1250": ["Příliš žluťoučký kůň úpěl ďábelské ódy.", "Łódź jest miastem w środkowej Polsce, nad rzeką."],
    "iso-8859-2": ["Zażółć gęślą jaźń, proszę pana"],
    "cp1251": ["Привет", "Съешь же ещё этих мягких французских булок"],
    "koi8-r": ["Привет, мир", "Съешь же ещё этих мягких французских булок"],
    "cp866": ["Привет, мир, как дела сегодня?"],
    "cp1253": ["Καλημέρα κόσμε, τι κάνετε σήμερα;"],
    "cp1254": ["Türkçe ığüşöç İstanbul güzel şehir"],
    "cp1255": ["שלום עולם, מה שלומך היום?"],
    "cp1256": ["مرحبا بالعالم، كيف حالك اليوم؟"],
    "shift-jis": ["こんにちは", "日本語のテキストです。文字コードはシフトJISです。"],
    "euc-jp": ["日本語のテキストです。文字コードはEUCです。"],
    "iso2022_jp": ["日本語のテキストです。"],
    "gb18030": ["中华人民共和国成立于1949年，首都北京。"],
    "big5": ["中華民國的首都是臺北市。這是繁體中文。"],
    "euc-kr": ["안녕하세요 대한민국 서울입니다."],
    "cp437": ["Größe für Käufer", "Name;Straße Müller;Königsstraße", "Año; Peña, Señor Muñoz, dirección"],
    "cp850": ["Name;Straße Müller;Königsstraße", "GRÖSSE;MÜNCHEN", "Grüße", "reçu à l'école, forêt"],
    "cp852": ["Müller;Königsstraße", "Łódź; ulica Świętokrzyska", "Žižkov, Dvořák, Jiří"],
    "mac_roman": ["Name;Straße Müller;Königsstraße", "GRÖSSE;MÜNCHEN", "Prénom; Café, élève à l'école"],
    "utf-16-le": ["Hello world", "Größe", "日本語のテキストです。"],
    "utf-16-be": ["Hello world", "Größe", "日本語のテキストです。"],
    "utf-32-le": ["Hello"],
    "utf-32-be": ["Hello"],
}
CASES = [(encoding, text) for encoding, texts in TEXTS.items() for text in texts]


@pytest.mark.parametrize(("encoding", "text"), CASES)
@pytest.mark.parametrize("times", [1, 3, 50])
def test_letters_of_old_files_are_right_and_doubted(encoding, text, times):
    whole = f"{text}\n" * times
    decoded = decode(whole.encode(encoding))
    assert decoded.text == whole
    assert decoded.doubt or encoding == "iso2022_jp"


def test_lines_in_two_encodings_are_both_right():
    decoded = decode("Größe\nfoo\n".encode() + "Müller\n".encode("cp1252") + "ö€".encode())
    assert (decoded.text, decoded.encoding) == ("Größe\nfoo\nMüller\nö€", "utf-8")
    assert "mixed" in decoded.doubt


def test_a_cut_letter_spoils_no_other():
    decoded = decode("Größe\nÄÖÜ".encode()[:-1])
    assert decoded.text == "Größe\nÄÖ\ufffd"
    assert decoded.doubt
    cut = decode("Größe und mehr, lang genug für ein Urteil über die Hälfte".encode("utf-16")[:-1])
    assert cut.text.startswith("Größe und mehr")
    assert cut.doubt


def test_a_mark_is_never_in_the_text():
    for data in (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", "\ufeffa\n\ufeffb".encode("utf-16-le"), "a\n\ufeffb".encode()):
        assert decode(data).text == "a\nb"
    assert decoded_text(Reading("a", "\ufeffa".encode("utf-16-le"), encoding="utf-16-le")) == "a"


def test_the_persons_choice_wins_and_what_does_not_fit_is_said():
    reading = Reading("a", "Größe".encode("cp1252"), encoding="cp1251")
    assert decoded_text(reading) == "Größe".encode("cp1252").decode("cp1251")
    assert reading.doubt == ""
    reading = Reading("a", "Größe".encode("cp1252"), encoding="utf-8")
    assert "\ufffd" in decoded_text(reading)
    assert reading.notes == [Note.ENCODING_GUESSED]
    for unknown in ("no-such", "idna", "hex", "undefined"):
        with pytest.raises(KnownError, match=r"document\.unreadable"):
            decoded_text(Reading("a", b"x\xff", encoding=unknown))


@pytest.mark.parametrize("data", [b"a\0b", b"\x01\x02\x03\x04text", bytes(range(32)) * 10, b"\xff\xfe\xff\xfe\0\0\xff"])
def test_x5_binary_named_as_text_is_no_document(data):
    with pytest.raises(KnownError, match=r"document\.binary"):
        decoded_text(Reading("a.txt", data))


def test_what_a_terminal_recorded_is_text_without_its_colours(tmp_path) -> None:
    path = tmp_path / "build.log"
    path.write_bytes(b"\x1b[1;31merror:\x1b[0m the b\xc3\xb6iler \x1b]0;title\x07failed\x1b[K\n" * 50)
    reading = Reading(str(path))
    assert decoded_text(reading) == "error: the böiler failed\n" * 50

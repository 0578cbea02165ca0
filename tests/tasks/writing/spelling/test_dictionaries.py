"""Where dictionaries are found, which one is used, and the person's own words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fakes import tiny_dictionary

from slmdesk.base.errors import KnownError
from slmdesk.base.translation import usual_language
from slmdesk.tasks.writing.spelling.dictionaries import chosen_for, code_of, find_dictionaries, system_folders
from slmdesk.tasks.writing.spelling.own_words import OwnWords
from slmdesk.tasks.writing.spelling.types import Dictionary

pytestmark = pytest.mark.pure


def of(*codes):
    return [Dictionary(code, Path(f"/{code}.dic")) for code in codes]


@pytest.mark.parametrize(
    ("stem", "code"),
    [
        ("de_DE_frami", "de_DE"), ("fr-classique", "fr"), ("en_US", "en_US"), ("en-GB", "en_GB"), ("fr", "fr"),
        ("pt_BR", "pt_BR"), ("index", "index"), ("My words", "My words"), ("nb_NO", "nb_NO"), ("de", "de"),
    ],
)  # fmt: skip
def test_the_code_is_in_the_name(stem, code):
    assert code_of(stem) == code


def test_names_for_people():
    names = [dictionary.name for dictionary in of("de_DE", "fr", "nb_NO", "index")]
    assert names == ["German (DE)", "French", "Norwegian (NO)", "index"]


def test_the_one_for_the_region_then_the_language_s_own_is_used():
    dictionaries = of("de_AT", "de_DE", "en_AU", "en_GB", "en_US", "fr")
    assert chosen_for("de", dictionaries).code == "de_DE"
    assert chosen_for("de", dictionaries, region="AT").code == "de_AT"
    assert chosen_for("en", dictionaries).code == "en_US"
    assert chosen_for("en", dictionaries, region="GB").code == "en_GB"
    assert chosen_for("en", dictionaries, region="DE").code == "en_US"
    assert chosen_for("it", dictionaries) is None
    assert chosen_for("it", dictionaries, fixed="en_AU").code == "en_AU"
    assert chosen_for("it", dictionaries, fixed="xx") is None
    assert chosen_for("", dictionaries) is None
    assert chosen_for("no", of("nb_NO")).code == "nb_NO"


def test_dictionaries_have_a_file_of_forms_beside_the_list(tmp_path, monkeypatch):
    tiny_dictionary.install(monkeypatch, tmp_path)
    tiny_dictionary.write(tmp_path, "en_US")
    tiny_dictionary.write(tmp_path, "de_DE_frami")
    (tmp_path / "hyph_de_DE.dic").write_text("1\na1b\n")  # hyphenation has no forms
    assert [dictionary.code for dictionary in find_dictionaries()] == ["de_DE", "en_US"]


def test_files_that_others_than_the_administrator_can_write_are_left_alone(tmp_path, monkeypatch):
    tiny_dictionary.install(monkeypatch, tmp_path)
    path = tiny_dictionary.write(tmp_path, "en_US")
    assert find_dictionaries()
    for file in (path, path.with_suffix(".aff")):
        for mode in (0o664, 0o646):
            file.chmod(mode)
            assert find_dictionaries() == ()
        file.chmod(0o644)
    linked = tmp_path / "fr.dic"
    linked.symlink_to(path)
    linked.with_suffix(".aff").symlink_to(path.with_suffix(".aff"))
    assert [dictionary.code for dictionary in find_dictionaries()] == ["en_US", "fr"]
    monkeypatch.setattr("slmdesk.tasks.writing.spelling.dictionaries.ADMINISTRATOR", os.getuid() + 1)
    assert find_dictionaries() == ()


def test_the_folders_of_each_system(tmp_path):
    linux = set(system_folders({"XDG_DATA_DIRS": f"{tmp_path}/a:{tmp_path}/b"}, "linux"))
    assert {tmp_path / "a/hunspell", tmp_path / "b/myspell/dicts", tmp_path / "a/myspell"} <= linux
    assert not [
        folder for folder in linux if folder.is_relative_to(Path.home()) and not folder.is_relative_to(tmp_path)
    ]
    assert Path("/Library/Spelling") in set(system_folders({}, "darwin"))
    office = tmp_path / "LibreOffice/share/extensions/dict-en"
    office.mkdir(parents=True)
    assert office in set(system_folders({"PROGRAMFILES": str(tmp_path)}, "win32"))


def test_the_language_of_the_account():
    assert usual_language({"LANG": "en_GB.UTF-8"}) == ("en", "GB")
    assert usual_language({"LC_ALL": "de_DE@euro", "LANG": "fr"}) == ("de", "DE")
    assert usual_language({"LANG": "C.UTF-8"}) == ("", "")
    assert usual_language({"LANG": "German_Germany"}) == ("de", "")


def test_own_words_are_a_plain_list_that_may_be_edited(tmp_path):
    path = tmp_path / "my-words.txt"
    own = OwnWords(path)
    assert own.words() == frozenset()
    own.add(frozenset(["Muster", "abc"]))
    assert path.read_text() == "Muster\nabc\n"
    path.write_text("\ufeffabc\r\n\n  added by hand \nMuster\n")
    assert own.words() == {"abc", "added by hand", "Muster"}
    assert own.has("Abc")
    assert own.has("abc")
    assert not own.has("muster")
    own.remove(frozenset(["abc", "unknown"]))
    assert OwnWords(path).words() == {"added by hand", "Muster"}
    path.unlink()
    assert own.words() == frozenset()


def test_a_file_of_own_words_that_is_no_text_is_left_as_it_is(tmp_path):
    path = tmp_path / "my-words.txt"
    path.write_bytes(b"\xff\xfe\x00")
    own = OwnWords(path)
    with pytest.raises(KnownError, match="unreadable"):
        own.add(frozenset(["word"]))
    assert path.read_bytes() == b"\xff\xfe\x00"


def test_words_that_were_added_elsewhere_stay_when_the_history_gets_another_key(tmp_path):
    path, keys = tmp_path / "my-words.txt", [bytes(range(32))]
    own = OwnWords(path, lambda: tuple(keys))
    own.add(frozenset({"Zebrafishxq"}))
    OwnWords(path, lambda: tuple(keys)).add(frozenset({"Muster"}))
    for now in (bytes(32), b""):
        keys.insert(0, now)
        own.reseal()
        del keys[1:]
        assert OwnWords(path, lambda: tuple(keys)).words() == {"Zebrafishxq", "Muster"}
    assert b"Muster" in path.read_bytes()


def test_own_words_of_an_encrypted_history_are_sealed_and_plain_again_without_a_key(tmp_path):
    path, key = tmp_path / "my-words.txt", [b""]
    own = OwnWords(path, lambda: (key[0],))
    own.add(frozenset({"Zebrafishxq"}))
    assert b"Zebrafishxq" in path.read_bytes()  # the control
    key[0] = bytes(range(32))
    sealing = OwnWords(path, lambda: (key[0],))
    assert sealing.words() == {"Zebrafishxq"}
    assert b"Zebrafishxq" not in path.read_bytes()
    sealing.add(frozenset({"Muster"}))
    assert OwnWords(path, lambda: (key[0],)).words() == {"Zebrafishxq", "Muster"}
    before = path.read_bytes()
    for other in (b"", bytes(32)):
        with pytest.raises(KnownError, match=r"file\.unreadable"):
            OwnWords(path, lambda other=other: (other,)).words()
        with pytest.raises(KnownError, match=r"file\.unreadable"):
            OwnWords(path, lambda other=other: (other,)).add(frozenset({"lost"}))
    assert path.read_bytes() == before

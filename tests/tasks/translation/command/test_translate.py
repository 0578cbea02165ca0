"""translate, glossary, memory: texts from a pipe, documents beside documents, terms that are obeyed or said."""

from __future__ import annotations

import json
import os
import subprocess
import time
import zipfile

import pytest
from fakes.commands import ROOT, SLMDESK, run_here
from fakes.killed import has_steps, kill
from fakes.office import docx, paragraph
from fakes.recorder import open_echo
from fakes.tiny_pdf import TinyPdf, lines

pytestmark = pytest.mark.process
TURNED = {"turned": True}


@pytest.fixture
def lease(tmp_path):
    path = tmp_path / "lease old.docx"
    path.write_bytes(docx("".join(map(paragraph, ("The tenant pays 900 euros.", "You must not sublet.", "12 %")))))
    return path


def test_a_text_from_a_pipe_is_translated_and_its_doubts_are_told_beside(run, with_model):
    done = run("translate", "--to", "German", "--from", "en", stdin="You must not go. It is late.\n", echo=TURNED).ok()
    assert done.out == "yOU MUST NOT GO. iT IS LATE.\n"
    assert "Negation may be missing (“not”) [negation]" in done.err
    shape = run("translate", "--to", "de", "--from", "en", "--json", stdin="It is late.\n", echo=TURNED).json
    assert shape["text"].strip() == "iT IS LATE."
    assert (shape["source_language"], shape["segments_total"], shape["segments_translated"]) == ("en", 1, 1)
    assert shape["flags"] == []


GERMAN = "Die Miete ist am ersten Werktag fällig. Der Mieter darf die Wohnung nicht untervermieten."


def test_what_is_in_the_wished_language_already_is_not_begun(run, with_model, tmp_path):
    path = tmp_path / "Mietvertrag.docx"
    path.write_bytes(docx("".join(map(paragraph, (GERMAN, "Die Kündigung bedarf der Schriftform.")))))
    done = run("translate", str(path), "--to", "German", echo=TURNED)
    assert done.status == 1
    assert "“Mietvertrag.docx” is in German already" in done.err
    assert "--from" in done.err
    assert run("jobs", "list", "--json").json == []
    shape = run("translate", str(path), "--to", "de", "--json", echo=TURNED)
    assert "translation.already" in shape.err + shape.out
    text = run("translate", "--to", "de", stdin=GERMAN, echo=TURNED)
    assert (text.status, text.out) == (1, "")
    assert "The text is in German already" in text.err
    run("translate", "--to", "de", "--from", "nl", stdin=GERMAN, echo=TURNED).ok()
    assert run("translate", "--to", "fr", stdin=GERMAN, echo=TURNED).status == 0


def test_words_the_model_was_unsure_of_are_listed_on_request(run, with_model):
    request = ("translate", "--to", "de", "--from", "en", "--doubts")
    unsure = {"turned": True, "doubted": "X"}
    shape = run(*request, "--json", stdin="All is well. We fix it.\n", echo=unsure).json
    assert shape["doubts"] == [
        {"segment": 1, "place": "line 1", "text": "FIX", "begin": 3, "end": 6, "probability": 0.25},
    ]  # fmt: skip
    assert "unsure of “FIX” (25%)" in run(*request, stdin="We fix it.\n", echo=unsure).err
    assert "doubts" not in run(*request[:-1], "--json", stdin="We fix it.\n", echo=unsure).json


def test_a_document_is_written_beside_it_and_nothing_is_overwritten(run, with_model, lease):
    before = lease.read_bytes()
    shape = run("translate", str(lease), "--to", "de", "--from", "en", "--json", echo=TURNED).json
    target = lease.with_name("lease old.de.docx")
    assert shape["output"] == str(target)
    assert (shape["segments_total"], shape["segments_translated"], shape["segments_left"]) == (2, 2, 0)
    assert [flag["kind"] for flag in shape["flags"]] == ["negation"]
    with zipfile.ZipFile(target) as made:
        assert "tHE TENANT PAYS 900 EUROS." in made.read("word/document.xml").decode()
    assert lease.read_bytes() == before
    again = run("translate", str(lease), "--to", "de", echo=TURNED)
    assert again.status == 1
    assert "lease old.de.docx" in again.err
    listed = run("history", "list", "--kind", "translation", "--json").json
    made = run("history", "export", listed[0]["id"], "--format", "md").out
    assert "tHE TENANT PAYS 900 EUROS." in made


def test_where_nothing_could_be_translated_nothing_is_written_and_that_is_a_failure(run, with_model, lease):
    silent = {"answer": " "}
    request = ("translate", str(lease), "--to", "de", "--from", "en")
    done = run(*request, echo=silent)
    assert done.status == 1, done.err
    assert done.out == ""
    assert done.err.count("error:") == 1
    assert "2 of 2 segments failed" in done.err
    assert done.err.count("[failed]") == 2, "which ones, and why, is listed"
    assert not lease.with_name("lease old.de.docx").exists()
    assert run(*request, "--json", echo=silent).json["error"]["code"] == "translation.all_failed"
    assert run(*request, "-o", "-", echo=silent).out == ""
    spoken = run(*request[:1], *request[2:], stdin="The tenant pays.\n", echo=silent)
    assert (spoken.status, spoken.out) == (1, "")
    job = run("jobs", "list", "--json").json[0]["id"]
    resumed = run("jobs", "resume", job, echo=silent)
    assert resumed.status == 1, resumed.out + resumed.err
    assert not lease.with_name("lease old.de.docx").exists()


def test_what_was_partly_translated_is_written(run, with_model, lease):
    done = run(
        "translate", str(lease), "--to", "de", "--from", "en", "--json",
        echo={"turned": True, "known": {"You must not sublet.": " "}},
    )  # fmt: skip
    assert done.status == 0, done.err
    assert (done.json["segments_translated"], done.json["segments_failed"]) == (1, 1)
    assert done.json["segments_to_review"] == 1
    assert lease.with_name("lease old.de.docx").exists()


def test_what_is_exported_is_told_as_json_too(run, tmp_path):
    table = tmp_path / "law.csv"
    table.write_text("source,target\nrent,Miete\n")
    made = run("glossary", "import", str(table), "--from", "en", "--to", "de", "--json").json["id"]
    goal = tmp_path / "out.csv"
    done = run("glossary", "export", made, "-o", str(goal), "--json")
    assert done.json == {"id": made, "format": "csv", "path": str(goal), "bytes": goal.stat().st_size}
    assert "rent,Miete" in run("glossary", "export", made, "--json").json["text"].replace(";", ",")
    tmx = tmp_path / "all.tmx"
    done = run("memory", "export", "-o", str(tmx), "--json")
    assert done.json == {"path": str(tmx), "bytes": tmx.stat().st_size}
    assert "<tmx" in run("memory", "export", "--json").json["text"]


def test_the_document_itself_is_never_written_over(run, with_model, tmp_path):
    note = tmp_path / "note.md"
    note.write_text("The tenant pays 900 euros.\n")
    (tmp_path / "other.md").symlink_to(note)
    for more in (("-o", str(note)), ("-o", str(tmp_path / "other.md")), ("--report", str(note))):
        done = run("translate", str(note), "--to", "de", "--from", "en", "--force", *more, "--json", echo=TURNED)
        assert (done.status, done.json["error"]["code"]) == (1, "file.is_source")
    assert note.read_text() == "The tenant pays 900 euros.\n"


def test_a_name_of_another_format_and_a_folder_are_refused_before_any_work(run, with_model, tmp_path):
    note = tmp_path / "note.md"
    note.write_text("The tenant pays 900 euros.\n")
    wrong = run("translate", str(note), "--to", "de", "-o", str(tmp_path / "note.docx"), echo=TURNED)
    assert (wrong.status, "is a file in .md" in wrong.err) == (2, True), wrong.err
    folder = run("translate", str(tmp_path), "--to", "de", echo=TURNED)
    assert (folder.status, "is a folder" in folder.err) == (2, True), folder.err
    assert not run("jobs", "list", "--json").json
    assert [path.name for path in tmp_path.glob("note*")] == ["note.md"]


def test_a_document_goes_to_standard_output(run, with_model, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>It is late.</p>\n")
    done = run("translate", str(page), "--to", "de", "--from", "en", "-o", "-", echo=TURNED)
    assert (done.status, done.out) == (0, "<p>iT IS LATE.</p>\n"), done.err
    text = run("translate", "-", "--to", "de", "--from", "en", "-o", "-", stdin="It is late.\n", echo=TURNED)
    assert (text.status, text.out) == (0, "iT IS LATE.\n"), text.err
    assert run("translate", str(page), "--to", "de", "-o", "-", "--json").status == 2


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_translation_of_a_text_writes_its_file_when_it_is_resumed(
    run, with_model, environment, home, tmp_path
):
    goal, source = tmp_path / "letter.txt", "The tenant pays 900 euros.\n\nYou must not sublet."
    command = ["translate", "-", "--to", "de", "--from", "en", "-o", str(goal)]
    slow = environment | {"SLMDESK_ECHO": json.dumps({"turned": True, "slow": 0.2})}
    begun = subprocess.Popen([*SLMDESK, *command], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=slow, cwd=ROOT)
    try:
        begun.stdin.write(source.encode())
        begun.stdin.close()
        while not has_steps(home, 1, "open"):
            assert begun.poll() is None, begun.stderr.read()
            time.sleep(0.05)
    finally:
        kill(begun)
        begun.stderr.close()
    assert not goal.exists()
    (job,) = run("jobs", "list", "--json").json
    done = run("jobs", "resume", job["id"], echo=TURNED)
    assert (done.status, f"Written to {goal}." in done.err, "2 of 2 segments" in done.err) == (0, True, True), done.err
    assert goal.read_text() == "tHE TENANT PAYS 900 EUROS.\n\nyOU MUST NOT SUBLET."


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--to", "klingon"), 1, "not known"),
        (("--to", "de", "--from", "de"), 1, "already"),
        (("--to", "de", "nowhere.docx"), 1, "nowhere.docx"),
        ((), 2, "--to"),
    ],
)
def test_bad_wishes_say_what_is_wrong(run, with_model, arguments, status, words):
    done = run("translate", *arguments, stdin="Good morning to you.", echo=TURNED)
    assert (done.status, words in done.err) == (status, True), done.err
    assert not done.out


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("letter.txt", ("--columns", "2"), "--columns is for tables as text (.csv .tsv .tab); “letter.txt” is no such"),
        ("", ("--columns", "2"), "a text from standard input is no such document"),
        ("letter.csv", ("--sheet-names",), "--sheet-names is for documents with sheets (.xlsx"),
        ("letter.md", ("--properties",), "--properties is for documents with a title"),
        ("letter.txt", ("--formal", "--to", "en"), "--formal is for languages with two ways"),
        ("letter.txt", ("--informal", "--to", "sv"), "Swedish has one"),
    ],
)
def test_an_option_that_cannot_apply_is_refused_before_anything_is_done(run, tmp_path, name, options, words):
    path = tmp_path / (name or "letter.txt")
    path.write_text("We are here.\n")
    to = () if "--to" in options else ("--to", "de")
    done = run("translate", *([str(path)] if name else []), *to, *options, stdin="We are here.\n", echo=TURNED)
    assert (done.status, words in done.err) == (2, True), done.err
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [path.name]
    assert run("history", "list", "--json").json == []


def test_what_is_in_the_language_already_is_said(run, with_model):
    text = "Good morning, how are you today?\n\nDie Katze schläft heute auf dem Sofa."
    done = run("translate", "-", "--to", "de", stdin=text, echo=TURNED)
    assert done.out == "gOOD MORNING, HOW ARE YOU TODAY?\n\nDie Katze schläft heute auf dem Sofa.\n"
    assert "1 left as they are (1 in the language already)" in done.err


def test_a_text_whose_letters_cannot_be_told_is_refused_not_guessed(with_model, environment):
    def given(data: bytes) -> tuple[int, bytes, bytes]:
        env = environment | {"SLMDESK_ECHO": json.dumps(TURNED)}
        return run_here(["translate", "--to", "de", "--from", "en"], env, data)

    status, out, err = given("The café is open.".encode("latin-1"))
    assert (status, out, b"not UTF-8" in err) == (1, b"", True)
    assert given("The café is open.".encode("utf-16"))[1].decode() == "tHE CAFÉ IS OPEN.\n"
    status, _, err = given(b"word " * (1 << 20) + b"w")
    assert (status, b"longer than 5 MiB" in err) == (1, True)


def test_nothing_to_translate_is_wrong_usage(run, with_model):
    done = run("translate", "--to", "de", stdin="  \n")
    assert done.status == 2
    assert "no text" in done.err


def test_a_pdf_becomes_a_word_file_and_what_is_missing_is_said(run, with_model, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "slmdesk.children.formats.pdf.is_available", lambda: False
    )  # text recognition is not the subject
    path = tmp_path / "notice.pdf"
    path.write_bytes(bytes(TinyPdf().page(*lines(50, 700, "The tenant pays.")).page(picture=True)))
    done = run("translate", str(path), "--to", "de", "--from", "en", echo=TURNED).ok()
    with zipfile.ZipFile(tmp_path / "notice.de.docx") as made:
        assert "tHE TENANT PAYS." in made.read("word/document.xml").decode()
    assert "a page whose text" in done.err
    assert "page 2" in done.err


def test_reviews_of_many_countries_are_translated_into_one_language(run, with_model, tmp_path):
    path = tmp_path / "reviews.csv"
    rows = (
        "id,review",
        "a,The room was clean and the breakfast was good.",
        "b,Das Zimmer war leider sehr laut und das Frühstück kalt.",
        "c,La chambre était très propre et le personnel gentil.",
    )
    path.write_bytes("\r\n".join(rows).encode("cp1252"))
    done = run("translate", str(path), "--to", "de", "--columns", "review", "--json", echo=TURNED).ok()
    assert (done.json["segments_total"], done.json["segments_left"], done.json["segments_failed"]) == (4, 1, 0)
    made = (tmp_path / "reviews.de.csv").read_bytes().decode("cp1252").split("\r\n")
    assert made[1:3] == ["a,tHE ROOM WAS CLEAN AND THE BREAKFAST WAS GOOD.", rows[2]]
    wrong = run("translate", str(path), "--to", "de", "--columns", "price", "--force", echo=TURNED)
    assert wrong.status == 1
    assert "id, review" in wrong.err


def test_thousands_of_things_that_stay_are_counted(run, with_model, tmp_path):
    path = tmp_path / "code.md"
    path.write_text("A title\n\n```\n" + "x = run\n" * 2_100 + "```\n")
    shape = run("translate", str(path), "--to", "de", "--from", "en", "--json", echo=TURNED).json
    assert len(shape["left"]) == 2_001
    assert shape["left"][-1] == {"kind": "code", "place": "", "text": "and 100 more"}


def test_a_document_without_words_says_so(run, with_model, tmp_path):
    path = tmp_path / "sums.docx"
    path.write_bytes(docx(paragraph("12 %") + paragraph("3.50")))
    done = run("translate", str(path), "--to", "de", "--from", "en", echo=TURNED).ok()
    assert "no text to translate" in done.err
    assert (tmp_path / "sums.de.docx").exists()


def test_a_glossary_goes_in_and_out_and_is_obeyed_or_said(run, with_model, tmp_path):
    path = tmp_path / "terms.csv"
    path.write_text("en;de;forbidden\ntenant;Mieter;Pächter\nlandlord;Vermieter;\n;nothing;\ntenant;Bewohner;\n")
    shape = run("glossary", "import", str(path), "--name", "Lease", "--json").json
    assert (shape["terms"], shape["skipped"], shape["contradictions"]) == (3, 1, ["tenant"])
    assert (shape["source_language"], shape["target_language"]) == ("en", "de")
    again = run("glossary", "import", str(path), "--name", "Lease")
    assert (again.status, again.out.split()[0]) == (0, shape["id"]), again.err
    assert "A glossary “Lease” was there" in again.err
    assert [glossary["terms"] for glossary in run("glossary", "list", "--json").json] == [3]
    done = run("translate", "--to", "de", "--from", "en", "--json", stdin="The tenant pays.", echo=TURNED).json
    assert ("glossary", "tenant", "Mieter") in [(flag["kind"], flag["text"], flag["detail"]) for flag in done["flags"]]
    out = tmp_path / "out.csv"
    assert run("glossary", "export", shape["id"], "-o", str(out)).status == 0
    given = run("glossary", "export", shape["id"], "--format", "csv", "--json").json
    assert (given["format"], given["text"].encode("utf-8-sig")) == ("csv", out.read_bytes())
    assert run("glossary", "import", str(out), "--from", "en", "--to", "de", "--json").json["terms"] == 3
    gone = run("glossary", "export", shape["id"], "--format", "tbx")
    assert (gone.status, "'tbx' is not 'csv'" in gone.err) == (2, True)


def test_remembered_pairs_go_in_are_used_and_given_out(run, with_model, tmp_path):
    path = tmp_path / "old.tmx"
    path.write_text(
        '<tmx version="1.4"><header srclang="en"/><body><tu><tuv xml:lang="en-US"><seg>The house is '
        '<bpt i="1">x</bpt>big<ept i="1">x</ept>.</seg></tuv><tuv xml:lang="de">'
        "<seg>Das Haus ist groß.</seg></tuv></tu></body></tmx>"
    )
    assert run("memory", "import", str(path), "--json").json["kept"] == 1
    done = run("translate", "--to", "de", "--from", "en", stdin="The house is big.", echo=TURNED)
    assert done.out.strip() == "Das Haus ist groß."
    assert "<seg>Das Haus ist groß.</seg>" in run("memory", "export").out
    out = tmp_path / "out.tmx"
    assert [run("memory", "export", "-o", str(out)).status for _ in range(2)] == [0, 1]
    assert "<seg>Das Haus ist groß.</seg>" in out.read_text()
    assert run("memory", "import", str(tmp_path / "none.tmx")).status == 1


def test_a_glossary_file_named_each_time_is_kept_once_until_it_changes(run, with_model, tmp_path):
    terms = tmp_path / "terms.csv"
    terms.write_text("source,target\ntenant,Mieter\ntenant,Mieter\nlandlord,Vermieter\n")
    request = ("translate", "-", "--to", "de", "--from", "en", "--glossary", str(terms))
    for _ in range(2):
        assert run(*request, stdin="The tenant waits.\n", echo=TURNED).status == 0
    assert [glossary["terms"] for glossary in run("glossary", "list", "--json").json] == [2]
    terms.write_text("source,target\ntenant,Mietpartei\nlandlord,Vermieter\n")
    done = run(*request, stdin="The tenant waits.\n", echo=TURNED)
    assert "Glossary: tenant → Mietpartei" in done.err
    assert "Mieter”" not in done.err
    assert len(run("glossary", "list", "--json").json) == 2
    unsaid = run("translate", "-", "--to", "de", "--glossary", str(terms), stdin="The tenant waits.\n", echo=TURNED)
    assert (unsaid.status, "--from" in unsaid.err) == (2, True), unsaid.err


def test_terms_are_named_by_columns_and_kept_as_they_are(run, tmp_path):
    table = tmp_path / "words.csv"
    table.write_text("Kind,Wort,Word\nx,Kaution,deposit\n")
    request = ("glossary", "import", str(table), "--from", "en", "--to", "de")
    assert run(*request, "--columns", "target=2").status == 2
    done = run(*request, "--columns", "source=3,target=2", "--skip-first", "--json").json
    assert (done["terms"], done["duplicates"]) == (1, 0)
    names = tmp_path / "names.csv"
    names.write_text("Kowalska\nslmdesk\n")
    assert run("glossary", "import", str(names), "--into", "keep", "--json").json["kept"] == 2
    assert "all languages" in run("glossary", "list").out


def test_a_report_of_every_segment_is_written_beside(run, with_model, tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("You must not sublet the flat.\nWe are here.\n12 %\n")
    report = tmp_path / "report.json"
    request = ("translate", str(path), "--to", "de", "--from", "en", "--report")
    done = run(*request, str(report), "--json", echo=TURNED)
    assert done.json["report"] == str(report)
    shape = json.loads(report.read_text("utf-8"))
    assert [segment["source"] for segment in shape["flagged"]] == ["You must not sublet the flat."]
    assert [segment["source"] for segment in shape["translated"]] == ["We are here."]
    assert shape["facts"]["Languages"] == "English to German"
    (tmp_path / "letter.de.txt").unlink()
    assert run(*request, str(report), echo=TURNED).status == 1, "what is there is not replaced"
    assert not (tmp_path / "letter.de.txt").exists(), "and nothing is begun"
    assert run(*request, str(tmp_path / "report.xyz"), echo=TURNED).status == 2


@pytest.mark.parametrize("is_text", [False, True])
def test_where_the_report_cannot_be_written_the_translation_is_said_to_be_there(run, with_model, tmp_path, is_text):
    path, goal, report = tmp_path / "letter.txt", tmp_path / "letter.de.txt", tmp_path / "report.json"
    path.write_text("We are here.\n")
    report.symlink_to(goal)  # what it means is there only when the report's turn comes: the translation
    words = () if is_text else (str(path),)
    request = ("translate", *words, "--to", "de", "--from", "en", "-o", str(goal), "--report", str(report))
    said = f"the translation itself was written to {goal}"
    done = run(*request, stdin=path.read_text(), echo=TURNED)
    assert (done.status, done.out) == (1, "" if is_text else f"Written to {goal}.\n"), done.err
    assert "1 of 1 segments" in done.err
    assert done.err.index(said) < done.err.index("error:")
    assert goal.read_text().strip() == "wE ARE HERE."
    goal.unlink()
    done = run(*request, "--json", stdin=path.read_text(), echo=TURNED)
    assert (done.status, done.json["error"]["code"], said in done.err) == (1, "file.exists", True), done.err
    assert done.json["segments_translated"] == 1, "what there is is given all the same"
    assert not is_text or done.json["text"].strip() == "wE ARE HERE."


def test_a_document_on_its_way_to_standard_output_is_left_nowhere(run, run_bytes, with_model, home, tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("We are here.\n")
    left = home / "cache" / "piped" / "a-desk-that-was-killed"
    left.mkdir(parents=True)
    (left / "document").write_text("secret")
    assert run_bytes("translate", str(path), "--to", "de", "--from", "en", "-o", "-")
    assert not left.exists(), "what a killed command left is swept up at the next start"
    assert not list((home / "cache" / "piped").iterdir())


@pytest.mark.parametrize("way", ["--no-save", "setting"])
def test_a_text_that_is_not_to_be_kept_is_in_no_file_afterwards(run, with_model, home, way):
    words = ("--no-save",) if way == "--no-save" else ()
    if way == "setting":
        services = open_echo()
        services.service_thread.call(lambda: services.settings.change(writing_history=False))
        services.close()
    echo = {"turned": True}
    done = run("translate", "--to", "de", "--from", "en", *words, stdin="The zqquokka is here.\n", echo=echo)
    assert (done.status, done.out) == (0, "tHE ZQQUOKKA IS HERE.\n"), done.err
    assert run("history", "list", "--json").json == []
    files = [path for path in home.rglob("*") if path.is_file()]
    assert [file for file in files if b"zqquokka" in file.read_bytes().lower()] == []
    run("translate", "--to", "de", stdin="The zqquokka is here.\n", echo=echo)
    kept = any(b"zqquokka" in file.read_bytes().lower() for file in files)
    assert kept is (way == "--no-save"), "the control: without, it is found"


def test_the_clipboard_stands_alone(run):
    refused = run("translate", "--clipboard", "--to", "de")
    assert (refused.status, "--clipboard stands alone" in refused.err) == (2, True)


def test_of_a_model_too_small_for_it_it_is_said_before(run, with_model):
    done = run("translate", "--to", "de", "--from", "en", stdin="It is late.\n", echo=TURNED).ok()
    assert done.err.count("is very small: expect poor translations") == 1
    assert done.out == "iT IS LATE.\n"

"""The summaries of several documents as files."""

from __future__ import annotations

import csv
import io
import re

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.documents.types import Coverage, Span
from slmdesk.tasks.summaries.files import write_summaries
from slmdesk.tasks.summaries.report import report_of
from slmdesk.tasks.summaries.types import (
    ALSO_IN,
    TO_DO,
    Deadline,
    DocumentSummary,
    Sentence,
    Summary,
    UnreadableDocument,
    in_own_words,
    text_of,
    with_omitted,
)

pytestmark = pytest.mark.pure


def named(name: str, text: str, kind: str = "page") -> DocumentSummary:
    sentence = Sentence(text, (Span(name, 2, 0, 5),), (2,), True, file=name)
    return DocumentSummary(name, name, kind, (sentence,), Coverage(3, 3, 9, 9), (sentence, sentence))


def summary(*documents: DocumentSummary) -> Summary:
    together = tuple(each for document in documents for each in document.sentences)
    return Summary("bullets", "en", "model", together, Coverage(6, 6, 18, 18), documents)


def test_a_file_each_one_of_all_and_a_table_with_what_was_not_read(tmp_path):
    folder = tmp_path / "new" / "out"
    made = summary(named("a/../b.pdf", "=1+1 is due."), named("A_.._b.pdf", "The roof leaks;=cmd|1."))
    files = write_summaries(folder, changed(made, not_read=(UnreadableDocument("c\n.doc", "It is too old."),)))
    names = [file.name for file in files]
    assert names[-2:] == ["together.md", "summaries.csv"]
    assert len({name.casefold() for name in names}) == 4, "no file is written over another one"
    assert all(file.parent == folder for file in files)
    assert files[0].read_text().endswith("\n\n2 more passages.\n\n3 of 3 pages read.\n")
    assert "The roof leaks;=cmd|1. [A_.._b.pdf, p. 2]" in (folder / "together.md").read_text()
    end = "6 of 6 pages read. 1 document could not be read at all: c .doc (It is too old).\n"
    assert (folder / "together.md").read_text().endswith(end)
    rows = list(csv.DictReader(io.StringIO((folder / "summaries.csv").read_text("utf-8-sig"))))
    assert [row["file"] for row in rows] == ["a/../b.pdf", "A_.._b.pdf", "c\n.doc"]
    assert rows[0]["summary"] == "'=1+1 is due."
    assert rows[1]["summary"] == "The roof leaks;'=cmd|1."
    assert rows[2]["coverage"] == "Not read: It is too old."


def written(name: str) -> DocumentSummary:
    """A document whose summary a model wrote, with a sentence of the document below it."""
    chosen = named(name, "The rent is due.")
    rule = changed(chosen.sentences[0], quotation=True, file="")
    said = (changed(rule, text="It says what to pay.", quotation=False), changed(rule, group=ALSO_IN))
    return changed(chosen, sentences=said, own_words=(rule,), omitted=(changed(rule, text="The roof leaks."),))


def test_the_files_say_who_wrote(tmp_path):
    document = written("a.pdf")
    made = changed(summary(document), model="Echo")
    (file, __) = write_summaries(tmp_path / "out", made)
    assert file.read_text().splitlines()[2:7] == [
        "It says what to pay. [p. 2]", "", "**Also in the document**", "", "- The rent is due. [p. 2]",
    ]  # fmt: skip
    writer = "Written by Echo, each sentence checked against its pages."
    assert writer in file.read_text()
    assert report_of("S", made).model == "Echo"
    assert with_omitted(made, "a.pdf", 0).sentences[-1].group == ALSO_IN
    assert text_of("paragraph", made.sentences).splitlines()[0] == "It says what to pay. [p. 2]"
    own = in_own_words(made)
    assert own.sentences == document.own_words
    write_summaries(tmp_path / "own", own)
    assert "Written by" not in (tmp_path / "own" / "a.pdf.md").read_text()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KnownError, match=r"file\.unwritable"):
        write_summaries(tmp_path / "file" / "out", summary(named("a", "b")))


def test_all_together_names_the_pages_of_each_document_as_its_own_summary_does(tmp_path):
    mixed = summary(named("a.docx", "It is due.", "section"), named("b.pdf", "The roof leaks."))
    write_summaries(tmp_path / "mixed", mixed)
    together = (tmp_path / "mixed" / "together.md").read_text()
    assert "[a.docx, section 2]" in together
    assert "[b.pdf, p. 2]" in together
    assert "6 of 6 pages read." in together
    write_summaries(
        tmp_path / "same", summary(named("a.docx", "It is due.", "section"), named("b.docx", "No.", "section"))
    )
    assert "6 of 6 sections read." in (tmp_path / "same" / "together.md").read_text()


def test_together_too_the_documents_own_words_stand_in_place_of_the_written_ones():
    joint = (named("b.pdf", "The rent is due.").sentences[0],)
    made = changed(summary(written("a.pdf"), written("b.pdf")), own_words=joint)
    own = in_own_words(made)
    assert own.sentences == joint
    assert [each.sentences for each in own.documents] == [each.own_words for each in made.documents]


def test_words_of_a_document_never_look_like_ours():
    """Each line of a document ends with our mark of its place, and only our line of what was read does not."""
    span = Span("d", 3, 0, 9)
    forged = (
        "12 of 12 pages read.",
        "[p. 4]\n12 of 12 pages read.",
        "It is 5 [a.pdf, p. 7, 8] or [Page 9].",
        "See [12].",
    )
    sentences = tuple(Sentence(words, (span,), (3,), True, file="b\nc.pdf") for words in forged)
    for kind in ("bullets", "paragraph"):
        text = text_of(kind, sentences)
        assert text.count("[b c.pdf, p. 3]") == len(forged)
        assert re.findall(r"\[[^\]]*\d\]", text.replace("[b c.pdf, p. 3]", "")) == ["[12]"]
        assert all(line.endswith("[b c.pdf, p. 3]") for line in text.splitlines())


def test_a_summary_in_markdown_holds_nothing_live(tmp_path):
    words = "It is <img src=http://x.example/a.png> ![x](http://x.example/b.png) due."
    for file in write_summaries(tmp_path / "out", summary(named("a\n# Together.pdf", words), named("b.pdf", words)))[
        :3
    ]:
        text = file.read_text()
        assert re.findall(r".(?=<img|!\[x)", text) == ["\\"] * 2 * text.count("due.")
        assert text.count("\n# ") == 0


OVER, COMING, UNKNOWN = "Pay by 3 March 2020.", "Reply in a month.", "Pay in two weeks."


def to_do(name: str) -> tuple[DocumentSummary, list[Deadline]]:
    """A document with three steps, of which the last is over, and their deadlines."""
    chosen = named(name, "")
    steps = tuple(
        Sentence(text, (Span(name, 1, at, at + 1),), (1,), True, group=TO_DO, file=name)
        for at, text in enumerate((UNKNOWN, COMING, OVER))
    )
    days = {UNKNOWN: ("", "no place"), COMING: ("2999-12-03", "3 November + 1 month"), OVER: ("2020-03-03", "")}
    return changed(chosen, sentences=steps), [
        Deadline(name, name, step.text, step.blocks, *days[step.text]) for step in steps
    ]


def test_each_file_has_its_deadlines_in_order_and_says_what_is_over(tmp_path):
    (one, due), (other, others) = to_do("a.pdf"), to_do("b.pdf")
    write_summaries(tmp_path / "out", summary(one, other), [*due, *others])
    said = (tmp_path / "out" / "a.pdf.md").read_text().splitlines()
    assert said[2:14] == [
        "**To do**", "", f"- {OVER} (over) [a.pdf, p. 1]", f"- {COMING} [a.pdf, p. 1]",
        f"- {UNKNOWN} [a.pdf, p. 1]", "",
        "**Deadlines**", "", f"- 3 March 2020 (over): {OVER}", f"- 3 December 2999: {COMING} [3 November + 1 month]",
        f"- no day: {UNKNOWN} [no place]", "",
    ]  # fmt: skip
    together = (tmp_path / "out" / "together.md").read_text()
    assert f"- 3 March 2020 (over): {OVER} [a.pdf]\n- 3 March 2020 (over): {OVER} [b.pdf]\n" in together
    assert f"- 3 December 2999: {COMING} [b.pdf; 3 November + 1 month]\n" in together
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "summaries.csv").read_text("utf-8-sig"))))
    assert rows[0]["summary"] == f"{OVER} {COMING} {UNKNOWN}"


def test_a_paper_to_be_printed_says_beside_a_step_that_it_is_over() -> None:
    document, deadlines = to_do("a.pdf")
    report = report_of("S", summary(document), deadlines)
    steps = [statement.text for statement in report.statements][:3]
    assert steps == [f"{OVER} (over)", COMING, UNKNOWN]

"""Summaries, tables and questions whose model sees substitutes: what is private is in nothing its child is given."""

from __future__ import annotations

import json

import pytest
from fakes.recorder import result_of
from summaries.test_summaries import trust

from slmdesk.base.records import JobStatus
from slmdesk.base.types import ChatMessage, Origin, Role, Sampling, TextPart
from slmdesk.jobs.runner import Batch, step_key, step_of
from slmdesk.library.job_service import VERSION, VeiledJob
from slmdesk.redaction.labels import RedactionReport
from slmdesk.redaction.service import Decisions
from slmdesk.summaries.events import SummaryEnded
from slmdesk.summaries.types import Kind as SummaryKind
from slmdesk.summaries.types import SummaryRequest
from slmdesk.tables.service import TableRequest
from slmdesk.tables.types import Column, ExtractionEnded
from slmdesk.text.redaction import Kind

pytestmark = pytest.mark.process

LETTER = """Dear Ms Ashworth,

the lease of the flat at 12 Harbour Street ends on 31 March 2026, and the deposit of 1,450 euros is paid back.
The money goes to the account GB33 BUKB 2020 1555 5555 55, which Colin Ashworth has named.
Ashworth has to hand over four keys. Questions are answered on 020 7946 0123.

Yours sincerely
Peter Brandon
"""
PRIVATE = ("Ashworth", "Colin", "Brandon", "BUKB", "1555", "7946 0123", "Harbour")


def call(recorder, work):
    return recorder.services.service_thread.call(work)


@pytest.fixture
def given(opened):
    """Opens a recorder with these options; and all that its engine child is given, as text."""

    def make(**echo):
        recorder = opened(**echo)
        trust(recorder)
        client, lines = recorder.services.loader.client, []
        begin, pass_on = client._begin, client.pass_on

        def noted_begin(make, listener):
            lines.append(str(make("job")))
            return begin(make, listener)

        def noted_pass_on(job, message):
            lines.append(str(message))
            pass_on(job, message)

        client._begin, client.pass_on = noted_begin, noted_pass_on
        return recorder, lines

    return make


def letter(recorder, tmp_path, text=LETTER, name="letter.txt"):
    (tmp_path / name).write_text(text, "utf-8")
    return result_of(recorder.services, lambda: recorder.services.documents.open(tmp_path / name))


OWN = {"kind": SummaryKind.OWN, "instruction": "Tell all.", "length": 200}
"""A request for which the model is given the whole text."""


def summarize(recorder, document, *decisions, **request):
    summaries = recorder.services.summaries
    item = call(recorder, lambda: summaries.begin(SummaryRequest((document.id,), **OWN | request), *decisions))
    return item, recorder.wait(SummaryEnded, lambda event: event.item == item.id).summary


def holds(lines):
    return [one for one in PRIVATE if any(one in line for line in lines)]


def table_of(recorder, item):
    return call(recorder, lambda: recorder.services.redaction.table(item.id))


def test_a_summary_is_made_of_substitutes_and_has_the_originals(given, tmp_path):
    recorder, lines = given()
    item, summary = summarize(recorder, letter(recorder, tmp_path), redact=True)
    assert any("Step" in line for line in lines)
    assert holds(lines) == []
    said = " ".join(sentence.text for sentence in summary.sentences)
    assert "Colin Ashworth" in said
    assert "GB33 BUKB 2020 1555 5555 55" in said
    assert all(sentence.blocks for sentence in summary.sentences)
    report = summary.redaction
    assert report.put_back >= 5
    assert report.marked == ()
    assert dict(report.replaced)[Kind.IBAN] == 1
    assert report.words.startswith("Replaced before the model saw it: People: ")
    assert holds([report.words]) == []
    opened = call(recorder, lambda: recorder.services.summaries.open(item.id))
    assert opened.summary == summary


def test_without_it_the_model_is_given_all(given, tmp_path):
    """The control: the same search finds what was sent."""
    recorder, lines = given()
    item, summary = summarize(recorder, letter(recorder, tmp_path))
    assert holds(lines) == list(PRIVATE)
    assert summary.redaction is None
    assert table_of(recorder, item) == ()


def test_what_is_shown_while_it_is_written_has_the_originals(given, tmp_path):
    from slmdesk.summaries.events import SummaryGrew

    recorder, _ = given()
    summarize(recorder, letter(recorder, tmp_path), redact=True)
    assert any("Colin Ashworth" in event.writing for event in recorder.of(SummaryGrew))
    lines = {"kind": SummaryKind.BULLETS, "instruction": "", "language": "de"}
    summarize(recorder, letter(recorder, tmp_path), redact=True, **lines)
    assert any("Harbour" in point.text for event in recorder.of(SummaryGrew) for point in event.points)


def test_of_what_no_model_is_given_nothing_is_replaced(given, tmp_path):
    recorder, lines = given()
    _, summary = summarize(recorder, letter(recorder, tmp_path), redact=True, kind=SummaryKind.BULLETS, instruction="")
    assert summary.redaction is None
    assert not any("Step" in line for line in lines)


def test_the_steps_of_one_are_never_taken_for_the_other(given, tmp_path):
    recorder, lines = given()
    document = letter(recorder, tmp_path, "The boiler is repaired in May. The garden belongs to flat 3.\n")
    jobs = recorder.services.store.jobs
    keys = []
    for redact in (True, False):
        item, _ = summarize(recorder, document, redact=redact)
        steps = call(recorder, lambda item=item: [s for job in jobs.of_item(item.id) for s in jobs.steps(job.id)])
        assert steps
        keys.append({other_step.key for other_step in steps})
    assert not keys[0] & keys[1]
    assert len([line for line in lines if line.startswith("Step")]) == 2  # the same words, and asked twice


def test_the_table_and_the_steps_are_deleted_with_it_for_good(given, tmp_path):
    recorder, _ = given()
    item, _ = summarize(recorder, letter(recorder, tmp_path), redact=True)
    store = recorder.services.store
    assert table_of(recorder, item)
    call(recorder, lambda: store.delete_for_good(item.id))
    assert call(recorder, lambda: store.database.number("select count(*) from redactions")) == 0


def test_a_stopped_summary_goes_on_with_the_same_table(given, tmp_path):
    recorder, lines = given(until=str(tmp_path / "go on"))
    document = letter(recorder, tmp_path)
    services = recorder.services
    item = call(recorder, lambda: services.summaries.begin(SummaryRequest((document.id,), redact=True, **OWN)))
    while not any(line.startswith("Step") for line in lines):
        call(recorder, lambda: None)
    job = call(recorder, lambda: services.jobs.pause(services.summaries.open(item.id).job.id))
    assert job.status is JobStatus.PAUSED
    first, asked = (
        table_of(recorder, item),
        {one.key for one in call(recorder, lambda: services.store.jobs.steps(job.id))},
    )
    assert first
    (tmp_path / "go on").touch()
    call(recorder, lambda: services.jobs.resume(job.id))
    recorder.wait(SummaryEnded, lambda event: event.item == item.id)
    assert table_of(recorder, item) == first
    assert {one.key for one in call(recorder, lambda: services.store.jobs.steps(job.id))} == asked
    assert holds(lines) == []


def test_decisions_of_the_preview_hold(given, tmp_path):
    recorder, lines = given()
    decisions = Decisions(added=((Kind.OTHER, "four keys"),), left=("020 7946 0123",))
    _, summary = summarize(recorder, letter(recorder, tmp_path), decisions, redact=True)
    whole = "".join(lines)
    assert "four keys" not in whole
    assert "020 7946 0123" in whole
    assert any("four keys" in sentence.text for sentence in summary.sentences)


def test_the_instruction_is_hidden_too(given, tmp_path):
    recorder, lines = given()
    summarize(recorder, letter(recorder, tmp_path), redact=True, instruction="What of Colin Ashworth?")
    assert holds(lines) == []


def test_a_table_is_filled_from_substitutes_with_the_originals(given, tmp_path):
    recorder, lines = given()
    document = letter(recorder, tmp_path)
    columns = (Column("Keys of Ashworth"), Column("Matter"))
    request = TableRequest((document.id,), columns, redact=True)
    item = call(recorder, lambda: recorder.services.extraction.begin(request))
    table = recorder.wait(ExtractionEnded, lambda event: event.item == item.id).table
    assert any(line.startswith("Step") for line in lines)
    assert holds(lines) == []
    assert table.columns == columns
    assert table.redaction.replaced


def test_a_table_without_it_gives_all(given, tmp_path):
    """The control."""
    recorder, lines = given()
    document = letter(recorder, tmp_path)
    request = TableRequest((document.id,), (Column("Keys of Ashworth"),))
    item = call(recorder, lambda: recorder.services.extraction.begin(request))
    recorder.wait(ExtractionEnded, lambda event: event.item == item.id)
    assert holds(lines) == list(PRIVATE)


# ---- questions


ANSWER = "It goes to the account {iban}, which {name} has named."


def ask(recorder, question, *documents, **request):
    from slmdesk.questions.types import AskRequest, QuestionAnswered

    wanted = AskRequest(question, tuple(document.id for document in documents), **request)
    sent = call(recorder, lambda: recorder.services.questions.ask(wanted))
    ended = recorder.end_of(sent.answer.id)
    assert ended.problem is None
    return sent, ended, recorder.wait(QuestionAnswered, lambda event: event.message == sent.answer.id).answered


def test_a_question_is_answered_from_substitutes_with_the_originals(given, tmp_path):
    recorder, lines = given()
    document = letter(recorder, tmp_path)
    sent, ended, answered = ask(recorder, "Where does the money for Colin Ashworth go?", document, redact=True)
    assert any("CountTokens" in line for line in lines)
    assert holds(lines) == []
    assert answered.redaction.put_back >= 5
    assert answered.redaction.marked == ()
    assert dict(answered.redaction.replaced)[Kind.IBAN] == 1
    assert "redaction" not in ended.message.sampling
    kept = call(recorder, lambda: recorder.services.questions.answered(sent.item.id))
    assert kept == {sent.answer.id: answered}


def test_a_question_without_it_gives_all(given, tmp_path):
    """The control."""
    recorder, lines = given()
    document = letter(recorder, tmp_path)
    _, _, answered = ask(recorder, "Where does the money for Colin Ashworth go?", document)
    assert holds(lines) == list(PRIVATE)
    assert answered.redaction is None


def test_quotations_are_looked_up_in_the_document_itself(given, tmp_path, monkeypatch):
    """The answer quotes with substitutes, as the model saw them; what is shown stands in the document."""
    recorder, lines = given()
    document = letter(recorder, tmp_path)
    redaction = recorder.services.redaction
    sent, *_ = ask(recorder, "Where does the money go?", document, redact=True)
    table = call(recorder, lambda: redaction.table(sent.item.id))
    of = {original: substitute for one in table for original, substitute in one.pairs}
    said = ANSWER.format(iban=of["GB33 BUKB 2020 1555 5555 55"], name=of["Colin Ashworth"])
    call(recorder, recorder.services.loader.client.renew)
    monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"words": True, "answer": said}))
    _, ended, answered = ask(recorder, "Which account does the money go to?", document, item=sent.item.id)
    assert answered.answer == "It goes to the account GB33 BUKB 2020 1555 5555 55, which Colin Ashworth has named."
    (cited,) = answered.citations
    assert cited.quote.startswith("The money goes to the account GB33 BUKB 2020 1555 5555 55")
    assert "GB33 BUKB 2020 1555 5555 55" in ended.message.text
    assert answered.redaction.put_back == 2
    assert holds(lines) == []


def test_a_follow_up_is_redacted_too_with_the_same_table(given, tmp_path):
    recorder, lines = given()
    document = letter(recorder, tmp_path)
    sent, *_ = ask(recorder, "Who is Colin Ashworth?", document, redact=True)
    first = call(recorder, lambda: recorder.services.redaction.table(sent.item.id))
    ask(recorder, "And what does Ashworth hand over?", item=sent.item.id)
    assert holds(lines) == []
    assert call(recorder, lambda: recorder.services.redaction.table(sent.item.id)) == first


FAR = "Brandon looks after the boiler.\f" + "Nothing of that is said here. " * 600 + "\f" + LETTER


def test_a_name_that_a_page_tells_which_is_not_read_is_hidden_in_the_passage(given, tmp_path):
    recorder, lines = given()
    ask(recorder, "Who looks after the boiler?", letter(recorder, tmp_path, FAR), redact=True)
    assert holds(lines) == []


def test_it_would_be_sent_if_the_document_were_not_looked_through(given, tmp_path, monkeypatch):
    """The control."""
    from slmdesk.questions import service

    monkeypatch.setattr(service, "learnt", lambda *_args: (None for _ in ()))
    recorder, lines = given()
    ask(recorder, "Who looks after the boiler?", letter(recorder, tmp_path, FAR), redact=True)
    assert "Brandon" in holds(lines)


def test_no_state_is_kept_of_a_redacted_question_and_none_is_used(given, tmp_path, monkeypatch):
    from slmdesk.questions import service

    monkeypatch.setattr(service, "WORTH_S", -1.0)
    recorder, _ = given()
    document, kept = letter(recorder, tmp_path), []
    monkeypatch.setattr(recorder.services.states, "keep", lambda *args: kept.append(args))
    monkeypatch.setattr(recorder.services.states, "known", lambda *_args: kept.append("known"))
    ask(recorder, "When does the lease end?", document, redact=True)
    assert kept == []
    ask(recorder, "When does the lease end?", document)
    assert "known" in kept
    assert len([one for one in kept if one != "known"]) == 1


def test_the_embedding_model_is_not_given_a_redacted_question(given, tmp_path):
    recorder, _ = given()
    document, asked = letter(recorder, tmp_path), []
    retrieval = recorder.services.retrieval
    real = retrieval._meaning
    retrieval._meaning = lambda question, documents: asked.append(question) or real(question, documents)
    ask(recorder, "Who is Colin Ashworth?", document, redact=True)
    assert asked == []
    ask(recorder, "Who is Colin Ashworth?", document)
    assert asked == ["Who is Colin Ashworth?"]


# ---- the veil of a job alone


def step(text):
    turn = ChatMessage(Role.USER, (TextPart("Say: "), TextPart(text, Origin.DOCUMENT)))
    return step_of([turn], Sampling(grammar='root ::= "Keys of Ashworth"'))


@pytest.fixture
def veiled(given):
    """A job's veil over a table that is kept for an item that is in no file."""
    recorder, _ = given()
    return lambda work: call(recorder, lambda: work(VeiledJob(recorder.services.redaction.veil("unsaved-1"), "sha")))


def drive(job, plan, say):
    """Run a plan; `say` makes the answers of a batch from its steps."""
    run, answer = job.run(plan, [[LETTER]]), None
    while True:
        try:
            asked = run.send(answer)
        except StopIteration:
            return
        answer = say(asked) if isinstance(asked, Batch) else None


def test_a_plan_asks_and_is_answered_as_if_nothing_were_hidden(veiled):
    heard = []

    def plan():
        heard.append((yield Batch([step("Colin Ashworth has four keys."), step("Nothing.")], "1")))

    def say(batch):
        assert batch.prompt_version == "1" + VERSION
        assert "Ashworth" not in json.dumps(batch.steps)
        texts = [other_step["messages"][0]["parts"][1]["text"] for other_step in batch.steps]
        return [{"text": f"So: {texts[0]}", "probabilities": [[0, 2, 0.5]]}, None]

    def work(job):
        drive(job, plan(), say)
        return job.tally.report()

    report = veiled(work)
    assert heard == [[{"text": "So: Colin Ashworth has four keys."}, None]]
    assert report == RedactionReport(((Kind.PERSON, 1),), put_back=1)


def test_a_half_changed_substitute_is_named_and_left(veiled):
    heard = []

    def plan():
        heard.append((yield Batch([step("Ashworth pays.")], "1")))

    def say(batch):
        name = batch.steps[0]["messages"][0]["parts"][1]["text"].split()[0]
        return [{"text": f"{name[:-1]} pays."}]

    def work(job):
        drive(job, plan(), say)
        return job.tally.report()

    report = veiled(work)
    (changed,) = report.marked
    assert report.put_back == 0
    assert heard == [[{"text": f"{changed} pays."}]]


def test_results_are_told_under_the_plain_keys(veiled):
    keys = []

    def plan():
        yield Batch([step("Ashworth pays.")], "1")

    def work(job):
        def say(batch):
            hidden = batch.steps[0]
            key = step_key("sha", batch.prompt_version, hidden)
            name = hidden["messages"][0]["parts"][1]["text"].split()[0]
            keys.append(job.words(key, f"{name} pa")[0])
            keys.append(job.result(key, {"text": f"{name} pays."}))
            return [{"text": f"{name} pays."}]

        drive(job, plan(), say)

    veiled(work)
    plain = step_key("sha", "1", step("Ashworth pays."))
    assert keys == [plain, (plain, {"text": "Ashworth pays."})]

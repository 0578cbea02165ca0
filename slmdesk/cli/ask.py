"""`slmdesk ask`: a question to documents, answered with the words it rests on."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slmdesk.cli.documents import ask_password, open_document
from slmdesk.cli.face import Face, NamedFile, ToldError, json_option, next_of
from slmdesk.core.types import Json

if TYPE_CHECKING:
    from slmdesk.core.records import DocumentRecord
    from slmdesk.services.facts import Fact, MessageEnded
    from slmdesk.services.question_prompt import Answered, Citation
    from slmdesk.services.questions import AskWish
    from slmdesk.services.services import Services


@click.command()
@click.argument("files", nargs=-1, required=True, type=NamedFile(), metavar="FILE...")
@click.argument("question")
@click.option("-m", "--model", help="Id, unique prefix of one, or name of a model.")
@click.option("-q", "--item", help="A question this one follows.")
@click.option("--password", is_flag=True, help="Ask for the password of each locked document first.")
@json_option
@click.pass_obj
def ask(
    face: Face, files: tuple[Path, ...], question: str, model: str | None, item: str | None, password: bool
) -> None:
    """Ask FILE... the QUESTION.  Each citation really stands on the page it names."""
    from slmdesk.services.questions import AskWish

    secrets = {file: ask_password(file) if password else "" for file in files}
    with face.services() as services:
        records = [open_document(face, services, file, password=secrets[file]) for file in files]
        wish = AskWish(question, tuple(one.id for one in records), item=item, model=model)
        ended, answered = _answer(face, services, wish)
        if ended.problem is not None:
            raise ToldError(ended.problem)
        if answered is None:
            raise KeyboardInterrupt
        if face.as_json:
            face.give(_as_json(ended, answered, records))
        else:
            face.say(ended.message.text)
            if answered.dropped:
                face.tell(f"note: left out, since they stand on no page: quotations ({answered.dropped})")


def _answer(face: Face, services: Services, wish: AskWish) -> tuple[MessageEnded, Answered | None]:
    """How it ended, and what was verified of it; None where it did not end well."""
    from slmdesk.core.records import Status
    from slmdesk.services.facts import MessageEnded, PromptProgress, QuestionAnswered, QuestionPlanned

    heard: queue.SimpleQueue[Fact] = queue.SimpleQueue()
    services.add_listener(heard.put)
    sent = services.desk.call(lambda: services.questions.ask(wish))
    ended: MessageEnded | None = None
    try:
        while True:
            fact = next_of(heard)
            if isinstance(fact, QuestionPlanned) and fact.message == sent.answer.id:
                what = "the whole text" if fact.is_whole else f"the {fact.passages} best passages"
                face.tell(f"reading {what}, {fact.tokens:,} tokens")
            elif isinstance(fact, PromptProgress) and fact.message == sent.answer.id:
                face.progress("reading", fact.read, fact.total)
            elif isinstance(fact, MessageEnded) and fact.message.id == sent.answer.id:
                face.end_progress()
                ended = fact
                if fact.message.status is not Status.COMPLETE:
                    return fact, None
            elif isinstance(fact, QuestionAnswered) and fact.message == sent.answer.id and ended:
                return ended, fact.answered
    except KeyboardInterrupt:
        services.desk.call(lambda: services.questions.stop(sent.answer.id), 5.0)
        raise


def _as_json(ended: MessageEnded, answered: Answered, records: list[DocumentRecord]) -> dict[str, Json]:
    names = {one.id: one.name for one in records}

    def shape(one: Citation) -> dict[str, Json]:
        return {"file": names.get(one.document, ""), "page": one.page, "quote": one.quote}

    return {
        "answer": answered.answer,
        "found": answered.found,
        "citations": [shape(one) for one in answered.citations],
        "nearest": [shape(one) for one in answered.nearest],
        "dropped": answered.dropped,
        "whole": answered.is_whole,
        "quoted_only": answered.is_quoted,
        "item": ended.message.item,
        "message": ended.message.id,
        "model": ended.message.model_name,
    }

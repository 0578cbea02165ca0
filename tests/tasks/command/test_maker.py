"""A task that stands in no list has a command, made of what it declares."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, ClassVar

import pytest

from slmdesk import tasks
from slmdesk.base.record import Record
from slmdesk.cli.main import COMMANDS, unlisted_tasks
from slmdesk.tasks.jobs.runner import Plan
from slmdesk.tasks.known import known_tasks
from slmdesk.tasks.report import Report, Section, Statement
from slmdesk.tasks.shape import Field, FieldKind, Task, TaskContext, TaskRun, TaskView, Work, WrongUsage

pytestmark = pytest.mark.process


class Asked(Record):
    documents: tuple[str, ...]
    words: tuple[str, ...] = ()
    most: int | str = "all"
    since: str = ""


class Found(Record):
    lines: tuple[str, ...]


class FindLines(Task[Asked, Found]):
    kind, name, prefix, help = "lines", "Lines", "Lines", "Find the lines of FILE… with some words."
    request, result = Asked, Found
    folded = Field("others", "", "The other lines, too.", FieldKind.FLAG)
    fields: ClassVar[Sequence[Field]] = (
        Field("words", "", "What they hold.", FieldKind.LIST),
        Field(
            "most", "", "How many.", FieldKind.CHOICE, (("all", ""), ("some", "")), "all", takes_number=True, least=1,
            most=9, unit="lines",
        ),
        Field("since", "", "Not before that day.", FieldKind.DAY),
        Field("hidden", "Hidden", ""),
    )  # fmt: skip

    def request_of(self, options: Mapping[str, Any]) -> Asked:
        if "words" not in options:
            raise WrongUsage("Say which --words.")
        return Asked((), tuple(options["words"]), options["most"], options.get("since", ""))

    def model(self, request: Asked, context: TaskContext) -> None:
        return None

    def start(self, work: Work[Asked]) -> TaskRun[Found]:
        return Finding(work)

    def report(self, view: TaskView[Asked, Found], context: TaskContext, *, is_exported: bool = False) -> Report:
        assert view.result is not None
        asked = Statement(f"{view.request.most} {view.request.since}".strip(), place="p. 1")
        found = tuple(Statement(line) for line in view.result.lines)
        others = Section((Statement("another"),), "Others", is_folded=True)
        return Report(self.kind, "Lines", sections=(Section((asked, *found)), others), coverage_words="All read.")


class Finding(TaskRun[Found]):
    def __init__(self, work: Work[Asked]) -> None:
        self._work = work

    def run(self) -> Plan:
        store, words = self._work.context.runtime.store, self._work.request.words
        pages = [page.text for document in self._work.documents for page in store.pages.of_document(document.id)]
        lines = "\n".join(pages).splitlines()
        self.result = Found(tuple(line for line in lines if any(word in line for word in words)))
        yield from ()


@pytest.fixture(autouse=True)
def a_new_file(monkeypatch) -> Iterator[None]:
    """The task lies in a module beside the others."""
    module = ModuleType("slmdesk.tasks.lines")
    module.TASK = FindLines()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    names = tasks.names()
    monkeypatch.setattr(tasks, "names", lambda: [*names, "lines"])
    forget()
    yield
    forget()


def forget() -> None:
    known_tasks.cache_clear()
    unlisted_tasks.cache_clear()


@pytest.fixture
def lease(tmp_path):
    path = tmp_path / "lease.txt"
    path.write_text("The rent is 900 euros.\n\nThe garden belongs to it.\n\nPets are welcome.\n")
    return str(path)


def test_it_is_listed_and_says_what_it_takes(run) -> None:
    assert "Find the lines of FILE… with some words." in run("--help").ok().out
    told = run("lines", "--help").ok().out
    for option in ("FILE…", "--words", "--most", "--since", "--others", "-o, --output", "--no-save", "--json"):
        assert option in told
    assert "--hidden" not in told


def test_it_prints_what_it_found_and_keeps_it(run, lease) -> None:
    done = run("lines", lease, "--words", "rent, Pets", "--most", "3", "--since", "2026-11-03").ok()
    assert (
        done.out
        == "- 3 2026-11-03 [p. 1]\n- The rent is 900 euros.\n- Pets are welcome.\n\n1 more passage.\n\nAll read.\n"
    )
    (item,) = run("history", "list", "--json").json
    assert (item["kind"], item["title"]) == ("lines", "Lines: lease.txt")
    assert "**Others**\n\n- another\n" in run("lines", lease, "--words", "rent", "--others").ok().out


def test_it_prints_json_and_writes_files(run, lease, tmp_path) -> None:
    shape = run("lines", lease, lease + "x", "--words", "rent", "--json")
    assert (shape.status, shape.json["lines"]) == (1, ["The rent is 900 euros."])
    assert [problem["file"] for problem in shape.json["failed"]] == ["lease.txtx"]
    out = tmp_path / "out.txt"
    assert run("lines", lease, "--words", "rent", "-o", str(out), "--no-save", "--json").ok().json["item"] is None
    assert out.read_text().startswith("- all [p. 1]\n- The rent is 900 euros.\n")
    assert run("lines", lease, "--words", "rent", "-o", str(out)).status == 1
    assert run("lines", lease, "--words", "rent", "-o", str(out), "--force").status == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "Say which --words."),
        (("--words", "a", "--most", "10"), "it takes 1 to 9 lines"),
        (("--words", "a", "--most", "few"), "neither one of all, some nor a number of lines"),
        (("--words", "a", "--since", "soon"), "--since"),
        (("--words", "a", "-o", "x.exe"), "must end in one of .docx"),
        (("--words", "a", "--others", "-o", "x.docx"), "--others is for .txt"),
    ],
)
def test_wrong_usage_ends_with_2(run, lease, options, words) -> None:
    done = run("lines", lease, *options)
    assert (done.status, words in done.err) == (2, True), done.err


def test_the_list_of_commands_says_of_a_task_what_the_task_says_of_itself() -> None:
    listed = {name: words for name, (place, words) in COMMANDS.items() if place.startswith("tasks.")}
    told = {task.command or task.kind: task.help for task in known_tasks().values()}
    assert listed == {name: words for name, words in told.items() if name in listed}

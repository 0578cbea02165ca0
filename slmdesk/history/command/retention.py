"""`slmdesk retention`: rules for how long things are kept, holds, and carrying the rules out now."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from slmdesk.base.record import to_json
from slmdesk.base.retention import DOCUMENT, KINDS, MOST_DAYS, Hold, Rule, Then, counted
from slmdesk.base.types import Json
from slmdesk.command.console import Console, json_option, table
from slmdesk.exports.chats import iso_time
from slmdesk.history.retention_labels import WHO, due_words, hold_words, rule_words
from slmdesk.services import Services

DAYS = click.IntRange(1, MOST_DAYS)


@click.group()
def retention() -> None:
    """Set how long things are kept, and what nothing may delete.

    Without a rule nothing is ever deleted by itself.  A hold beats every rule and every way of deleting.
    """


@retention.command("list")
@json_option
@click.pass_obj
def list_(console: Console) -> None:
    """List all rules and holds, those of your organisation too."""
    with console.services() as services:
        kept = services.retention
        rules, holds = services.service_thread.call(lambda: (kept.rules(), kept.holds()))
        due = console.result_of(services, lambda: kept.due(*rules))
        named = {*(one.folder for one in rules), *(one.target for one in holds)} - {""}
        names = services.service_thread.call(lambda: {one: services.retention.name_of(one) for one in named})
    if console.as_json:
        console.give(
            {"rules": [_rule_shape(one, due[one.id]) for one in rules], "holds": [to_json(one) for one in holds]}
        )
        return
    lines = [
        (one.id, "rule", WHO[one.set_by], f"{rule_words(one, names.get(one.folder, ''))}{_next_run(one, due[one.id])}")
        for one in rules
    ]
    lines += [(one.id, "hold", WHO[one.set_by], hold_words(one, names.get(one.target, ""))) for one in holds]
    if lines:
        table(console, lines)
    else:
        console.notify("No rules and no holds: nothing is deleted by itself.")


@retention.command()
@click.option("--kind", type=click.Choice([one for one in KINDS if one]), help="Of this kind alone; else all items.")
@click.option("--space", default="", help="The chats of this space alone: its name or id.")
@click.option("--days", type=DAYS, required=True, help="So long without a change.")
@click.option("--for-good", is_flag=True, help="Delete at once for good, without the trash.")
@click.option("--trash-days", type=DAYS, default=30, show_default=True, help="So long in the trash.")
@click.option("--preview", is_flag=True, help="Only say what it would move or delete now; add nothing.")
@json_option
@click.pass_obj
def add(
    console: Console, kind: str | None, space: str, days: int, for_good: bool, trash_days: int, preview: bool
) -> None:
    """Add a rule: what was not changed for so long goes to the trash, and from there for good.

    Of the kind “document” is the text of documents that nothing uses any more; it is forgotten at once.
    """
    then = Then.DELETE if for_good or kind == DOCUMENT else Then.TRASH
    with console.services() as services:
        make = services.retention.planned if preview else services.retention.add_rule
        made = services.service_thread.call(
            lambda: make(kind or "", folder=space, days=days, then=then, trash_days=trash_days)
        )
        due = console.result_of(services, lambda: services.retention.due(made))[made.id]
        if preview and not console.as_json:
            console.say(f"This rule {due_words(made, due)} now.")
        else:
            _show_rule(console, services, made, due)


@retention.command()
@click.argument("rule", metavar="ID")
@json_option
@click.pass_obj
def remove(console: Console, rule: str) -> None:
    """Remove a rule.  What it has put into the trash stays there."""
    with console.services() as services:
        gone = services.service_thread.call(lambda: services.retention.remove_rule(rule))
        _show_rule(console, services, gone)


@retention.command()
@click.argument("target", metavar="ID_OR_ALL")
@click.option("--reason", default="", help="Why; shown with the hold.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The last day; it is then released."
)
@json_option
@click.pass_obj
def hold(console: Console, target: str, reason: str, until: datetime | None) -> None:
    """Hold an item, a space, a document or a folder by its ID, or “all”: nothing deletes it until it is released."""
    end = (until + timedelta(days=1)).timestamp() if until else None
    with console.services() as services:
        made = services.service_thread.call(
            lambda: services.retention.hold("" if target == "all" else target, reason=reason, until=end)
        )
        _show_hold(console, services, made)


@retention.command()
@click.argument("hold_id", metavar="HOLD_ID")
@json_option
@click.pass_obj
def release(console: Console, hold_id: str) -> None:
    """Release a hold; `retention list` shows its id."""
    with console.services() as services:
        gone = services.service_thread.call(lambda: services.retention.release(hold_id))
        _show_hold(console, services, gone)


@retention.command()
@click.option("--yes", is_flag=True, help="The date of this PC is right.")
@json_option
@click.pass_obj
def run(console: Console, yes: bool) -> int | None:
    """Carry out the rules now; it is done by itself once a day too."""
    with console.services() as services:
        rules = {one.id: one for one in services.service_thread.call(services.retention.rules)}
        done = console.result_of(services, lambda: services.retention.run(confirmed=yes))
    if console.as_json:
        doubt: Json = (
            {"last": iso_time(done.doubt.last), "now": iso_time(done.doubt.now)} if done.doubt is not None else None
        )
        rests: Json = iso_time(done.rests_until) if done.rests_until else None
        console.give(
            {"trashed": dict(done.trashed), "deleted": dict(done.deleted), "doubt": doubt, "rests_until": rests}
        )
    elif done.rests_until:
        console.notify(f"A backup was restored: no rule deletes anything until {iso_time(done.rests_until)[:10]}.")
    elif done.doubt is None:
        for counts, words in ((done.trashed, "moved to the trash"), (done.deleted, "deleted for good")):
            for rule, count in counts.items():
                console.say(f"{counted(rules[rule].kind, count)} {words}")
        if not done.trashed and not done.deleted:
            console.say("Nothing to do.")
    return 1 if done.doubt is not None else None


def _rule_shape(rule: Rule, due: int) -> dict[str, Json]:
    return {**to_json(rule), "due": due}


def _next_run(rule: Rule, due: int) -> str:
    return f"; {due_words(rule, due)} at its next run" if due else ""


def _show_rule(console: Console, services: Services, rule: Rule, due: int | None = None) -> None:
    name = services.service_thread.call(lambda: services.retention.name_of(rule.folder)) if rule.folder else ""
    if console.as_json:
        console.give(to_json(rule) if due is None else _rule_shape(rule, due))
    else:
        console.say(f"{rule.id}  {rule_words(rule, name)}{_next_run(rule, due or 0)}")


def _show_hold(console: Console, services: Services, hold: Hold) -> None:
    name = services.service_thread.call(lambda: services.retention.name_of(hold.target)) if hold.target else ""
    if console.as_json:
        console.give(to_json(hold))
    else:
        console.say(f"{hold.id}  {hold_words(hold, name)}")

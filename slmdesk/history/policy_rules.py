"""The rules and holds of an organisation's policy, as they stand in the history.  On the service thread."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.policy import ALL, Policy
from slmdesk.base.records import DOCUMENT, SetBy, Then, What
from slmdesk.store import Store


def take_policy(store: Store, policy: Policy) -> bool:
    """Make the organisation's rules and holds those of its policy.  Where the policy cannot be understood its rules
    are gone, and its holds stay.  Returns whether holds have changed.  Raises KnownError store.*.
    """
    wanted = [(rule.kind, rule.days, rule.trash_days) for rule in policy.rules]
    old = [rule for rule in store.rules.all() if rule.set_by is SetBy.POLICY]
    if [(rule.kind, rule.days, rule.trash_days) for rule in old] != wanted:
        with store.together():
            for rule in old:
                store.rules.remove(rule.id)
            for kind, days, trash_days in wanted:
                then = Then.DELETE if kind == DOCUMENT else Then.TRASH
                store.rules.add(kind, folder="", days=days, then=then, trash_days=trash_days, set_by=SetBy.POLICY)
    is_broken = any(problem.code == "policy.invalid" for problem in policy.problems)
    return _take_holds(store, policy.holds, is_complete=not is_broken)


def _take_holds(store: Store, texts: Sequence[str], *, is_complete: bool) -> bool:
    """Hold what these words of a policy name.  What they named once stays held while they are there: a space can be
    renamed by anybody.  Returns whether something has changed.
    """
    held = {place: _reason(text) for text in texts for place in _held_by(store, text)}
    reasons = set(map(_reason, texts))
    old = [hold for hold in store.holds.all() if hold.set_by is SetBy.POLICY]
    gone = [hold for hold in old if is_complete and hold.reason not in reasons]
    new = held.keys() - {(hold.what, hold.target) for hold in old if hold not in gone}
    if gone or new:
        with store.together():
            for hold in gone:
                store.holds.remove(hold.id)
            for what, target in sorted(new):
                store.holds.add(what, target, reason=held[what, target], set_by=SetBy.POLICY)
    return bool(gone or new)


def _reason(text: str) -> str:
    return f"policy: {text}"


def _held_by(store: Store, text: str) -> list[tuple[What, str]]:
    if text == ALL:
        return [(What.ALL, "")]
    kind, _colon, target = text.partition(":")
    what, target = What(kind), target.strip()
    if what is not What.FOLDER:
        return [(what, target)]
    from slmdesk.library.service import folded_name

    name = folded_name(target)
    found = [id for id, title in store.holds.folders() if name == folded_name(title)]
    return [(what, id) for id in dict.fromkeys([target, *found])]

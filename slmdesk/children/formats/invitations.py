"""Says in words what a calendar file in a mail is about: an invitation, its answer or its end (RFC 5545, 5546)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta

from slmdesk.base.texts import N_, _

_EVENT = {
    "SUMMARY": N_("Event"), "DTSTART": N_("Begins"), "DTEND": N_("Ends"), "DURATION": N_("Lasts"),
    "LOCATION": N_("Where"), "ORGANIZER": N_("Organizer"), "RRULE": N_("Repeats"), "EXDATE": N_("Not on"),
    "RECURRENCE-ID": N_("Only the event of"), "STATUS": N_("Status"), "DESCRIPTION": N_("About"),
    "COMMENT": N_("Comment"),
}  # fmt: skip
_METHODS = {
    "CANCEL": N_("Cancelled"),
    "COUNTER": N_("Another time is proposed"),
    "DECLINECOUNTER": N_("The proposed time is declined"),
}
_ANSWERS = {
    "ACCEPTED": N_("Accepted"), "DECLINED": N_("Declined"), "TENTATIVE": N_("Accepted tentatively"),
    "DELEGATED": N_("Delegated"), "NEEDS-ACTION": N_("Not answered yet"),
}  # fmt: skip
_STATES = {"CONFIRMED": N_("confirmed"), "TENTATIVE": N_("tentative"), "CANCELLED": N_("cancelled")}
_PEOPLE = frozenset(("ORGANIZER", "ATTENDEE"))
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_PROPERTY = re.compile(r'([\w-]+)((?:;[\w-]+=(?:"[^"]*"|[^";:]*))*):(.*)')
_PARAMETER = re.compile(r';([\w-]+)=("[^"]*"|[^";:]*)')


def invitation(text: str) -> str:
    """Return the events of a calendar file with their title, times and place, and who answered what."""
    said: list[str] = []
    inside, method = list[str](), ""
    for line in text.replace("\n ", "").replace("\n\t", "").split("\n"):
        if (prop := _PROPERTY.match(line)) is None:
            continue
        name, value = prop[1].upper(), prop[3].strip()
        parameters = {key.upper(): of.strip('"') for key, of in _PARAMETER.findall(prop[2])}
        if name == "BEGIN":
            inside.append(value)
        elif name == "END":
            del inside[-1:]
        elif name == "METHOD":
            method = value.upper()
            if method in _METHODS:
                said.append(_(_METHODS[method]))
        elif inside[1:] == ["VEVENT"] and name == "ATTENDEE" and method == "REPLY":
            answer = parameters.get("PARTSTAT", "").upper()
            words = _(_ANSWERS.get(answer, answer or N_("Answered")))
            said.append(f"{words}: {_person(value, parameters)}")
        elif inside[1:] == ["VEVENT"] and name in _EVENT and value:
            said.append(f"{_(_EVENT[name])}: {_of_event(name, value, parameters)}")
    return "\n".join(said)


def _of_event(name: str, value: str, parameters: Mapping[str, str]) -> str:
    """Return the value of a property of an event in words."""
    if name in _PEOPLE:
        return _person(value, parameters)
    if name == "STATUS":
        return _(_STATES.get(value.upper(), value))
    moments = [_MOMENT.fullmatch(part) for part in value.split(",")]
    if all(moments):
        return ", ".join(_time_of_event(name, match, parameters) for match in moments if match is not None)
    return re.sub(r"\\(.)", lambda escape: "\n" if escape[1] in "nN" else escape[1], value).strip()


def _time_of_event(name: str, match: re.Match[str], parameters: Mapping[str, str]) -> str:
    year, month, day, hour, minute, is_utc = match.groups()
    if hour:
        zone = "UTC" if is_utc else parameters.get("TZID", "")
        return f"{year}-{month}-{day} {hour}:{minute} {zone}".rstrip()
    with suppress(ValueError, OverflowError):
        whole = date(int(year), int(month), int(day))
        if name == "DTEND":  # the day after the last one
            return (whole - timedelta(days=1)).isoformat()
        return _("{day}, the whole day").format(day=whole.isoformat()) if name == "DTSTART" else whole.isoformat()
    return match[0]


def _person(value: str, parameters: Mapping[str, str]) -> str:
    return f"{parameters.get('CN', '')} {re.sub('^mailto:', '', value, flags=re.IGNORECASE)}".strip()

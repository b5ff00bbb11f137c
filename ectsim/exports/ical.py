"""iCalendar files, one a person: dated events that a calendar program keeps up to date.

An event's identity (UID) is made of the school, the year, the person, the pair, the use and its
number, never of its time. So a new export moves an event that is already in somebody's calendar; what
is no longer planned is sent again as cancelled; what changed has a higher SEQUENCE, and what did not
change stays as it is, down to its time stamp.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ectsim.analysis import LIMITS
from ectsim.errors import InputError
from ectsim.exports.dates import Dated

if TYPE_CHECKING:
    from ectsim.scenario import Scenario

__all__ = ["PRODUCT", "ZONE", "calendars", "file_name"]

ZONE = "Europe/London"
PRODUCT = "-//ectsim//coaching slots//EN"

ASSUMED = "The date is assumed: the delivery partner's holds. Of several dates keep one."
"""What a training event says of itself: no source gives dates, partners publish them."""

VTIMEZONE = """BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:DAYLIGHT
DTSTART:19960331T010000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
TZNAME:BST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
TZNAME:GMT
END:STANDARD
END:VTIMEZONE
"""
"""The rule since 1996. The library would list every change since 1970 one by one, which some
calendar programs do not read."""


def file_name(who: str) -> str:
    """Return the name of a person's file: their id, or a safe form of it that is theirs alone."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", who):
        return f"{who}.ics"
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", who).strip("-")[:40]
    return f"{safe}-{_digest(who)[:8]}.ics"


def _digest(*words: object) -> str:
    return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()


def _summary(e: Dated) -> str:
    other = e.mentor if e.who == e.pair else e.pair
    if e.use == "training":
        return f"{e.title} (one of {e.choice} dates)" if e.choice > 1 else e.title
    return {
        "meet": f"Coaching meeting with {other}",
        "observe": f"Visit by {other}" if e.who == e.pair else f"Visit a lesson of {other}",
        "reserve": f"Reserve for coaching with {other}",
        "study": "Induction study",
        "release": f"Take a class for the coaching of {e.pair}",
    }[e.use]


def calendars(
    scenario: Scenario,
    events: Iterable[Dated],
    before: Mapping[str, bytes] | None = None,
    *,
    code: str = "",
    now: dt.datetime | None = None,
) -> dict[str, bytes]:
    """Return the calendar files of everybody who has an event, or had one.

    Parameters
    ----------
    scenario : Scenario
        The plan.
    events : iterable of Dated
        What :func:`ectsim.exports.dates.dated` gave.
    before : mapping of str to bytes, optional
        The files of the export before: name to content.
    code : str
        The scenario code, for the calendar's description.
    now : datetime.datetime, optional
        The time stamp of what is new or changed, in UTC.

    Returns
    -------
    dict of str to bytes
        File name to content.

    Raises
    ------
    InputError
        If a file of before was not written by ectsim, or is damaged.
    """
    stamp = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).replace(microsecond=0)
    people: dict[str, list[Dated]] = {}
    for e in events:
        people.setdefault(file_name(e.who), []).append(e)
    old = {name: _known(text, name) for name, text in (before or {}).items()}
    about = " ".join(w for w in (scenario.banner, f"Code: {code}." if code else "", LIMITS) if w)
    return {
        name: _calendar(scenario, people.get(name, []), old.get(name, {}), about, stamp)
        for name in sorted(people.keys() | old.keys())
    }


def _known(text: bytes, name: str) -> dict[str, Any]:
    """Read the events of an earlier export: UID to event."""
    from icalendar import Calendar  # noqa: PLC0415 - only calendars need it

    try:
        calendar = Calendar.from_ical(text)
        product = str(calendar.get("PRODID"))
        found: dict[str, Any] = {str(e["UID"]): e for e in calendar.walk("VEVENT")}
        for e in found.values():
            _ = e["SEQUENCE"], e["DTSTAMP"].dt, e["DTSTART"].dt, e["DTEND"].dt
    except (ValueError, KeyError, AttributeError, IndexError, UnicodeDecodeError):
        product, found = "", {}
    if product != PRODUCT:
        raise InputError(
            "the file in the folder was not written by ectsim, or has been changed", where=name,
            remedy="export into another folder",
        )  # fmt: skip
    return found


def _calendar(
    scenario: Scenario, events: list[Dated], old: Mapping[str, Any], about: str, stamp: dt.datetime
) -> bytes:
    from icalendar import Calendar, Event, Timezone, vText  # noqa: PLC0415 - only calendars need it

    out = Calendar()
    out.add("PRODID", PRODUCT)
    out.add("VERSION", "2.0")
    out.add("CALSCALE", "GREGORIAN")
    out.add("METHOD", "PUBLISH")
    out.add("X-WR-CALNAME", vText(f"Coaching: {scenario.school.name}"))
    out.add("X-WR-TIMEZONE", vText(ZONE))
    out.add("X-WR-CALDESC", vText(about))
    out.add_component(Timezone.from_ical(VTIMEZONE))
    zone = ZoneInfo(ZONE)
    made: list[tuple[dt.datetime, str, Any]] = []
    seen: set[str] = set()
    for e in events:
        year = scenario.school.calendar.origin.isoformat()
        uid = f"{_digest(scenario.school.name, year, e.who, e.pair, e.mentor, e.use, e.number)}@ectsim"
        seen.add(uid)
        event = Event()
        event.add("UID", uid)
        event.add("SUMMARY", vText(_summary(e)))
        said = " ".join(w for w in (scenario.banner, ASSUMED if e.use == "training" else "") if w)
        if said:
            event.add("DESCRIPTION", vText(said))
        event.add("DTSTART", e.start.replace(tzinfo=zone))
        event.add("DTEND", e.end.replace(tzinfo=zone))
        event.add("STATUS", "TENTATIVE" if e.choice > 1 else "CONFIRMED")
        event.add("CATEGORIES", [vText("Training" if e.use == "training" else "Coaching")])
        made.append((e.start, uid, _numbered(event, old.get(uid), stamp)))
    for uid, known in old.items():
        if uid not in seen:
            event = Event()
            for name in ("UID", "SUMMARY", "DESCRIPTION", "DTSTART", "DTEND", "CATEGORIES"):
                if name in known:
                    event[name] = known[name]
            event.add("STATUS", "CANCELLED")
            start = known["DTSTART"].dt.replace(tzinfo=None)
            made.append((start, uid, _numbered(event, known, stamp)))
    for _, _, event in sorted(made, key=lambda m: m[:2]):
        out.add_component(event)
    text: bytes = out.to_ical()
    return text


def _numbered(event: Any, known: Any, stamp: dt.datetime) -> Any:
    """Give an event its SEQUENCE and time stamp: those it had, if nothing about it has changed."""
    same = known is not None and _content(event) == _content(known)
    if known is None:
        number = 0
    else:
        number = int(known["SEQUENCE"]) + (0 if same else 1)
    event.add("SEQUENCE", number)
    event.add("DTSTAMP", known["DTSTAMP"].dt if same else stamp)
    return event


def _content(event: Any) -> tuple[object, ...]:
    words = tuple(str(event.get(n, "")) for n in ("SUMMARY", "DESCRIPTION", "STATUS"))
    moments = tuple(event[n].dt.replace(tzinfo=None) for n in ("DTSTART", "DTEND"))
    return words + moments

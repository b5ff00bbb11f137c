"""Calendars: the right dates and local times, read by parsers of other people; what a new export changes."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from dateutil.tz import tzical
from icalendar import Calendar

from ectsim.clock import Slot
from ectsim.errors import InputError
from ectsim.exports.dates import dated
from ectsim.exports.ical import calendars, file_name
from ectsim.model.frame import frame_of
from ectsim.plan import PairSlots
from ectsim.scenario import Scenario, load

NOW = dt.datetime(2025, 8, 1, 12, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=60)


@lru_cache(maxsize=1)
def planned() -> Scenario:
    return load("default").with_changes({"plan.preset": "timetabled"})


def files(
    scenario: Scenario, before: dict[str, bytes] | None = None, now: dt.datetime = NOW
) -> dict[str, bytes]:
    return calendars(scenario, dated(scenario), before, now=now)


@lru_cache(maxsize=1)
def first_files() -> dict[str, bytes]:
    return files(planned())


def unfolded(text: bytes) -> list[str]:
    """Undo the folding of lines: RFC 5545, 3.1; nothing of the library that wrote them is used."""
    return text.decode().replace("\r\n ", "").split("\r\n")


def events(text: bytes) -> list[dict[str, str]]:
    out: list[dict[str, str]] = []
    for line in unfolded(text):
        if line == "BEGIN:VEVENT":
            out.append({})
        elif out and ":" in line:
            name, _, value = line.partition(":")
            out[-1].setdefault(name.partition(";")[0], value)
    return out


def test_dates_are_those_of_the_calendar_and_the_cycle() -> None:
    scenario = planned()
    school, slots = scenario.school, scenario.plan.slots["T02"]
    weeks = school.calendar.weeks(2)
    expected = set()
    for week in weeks[1:]:  # a new pair's first week is for contracting
        for text in slots.meet:
            slot = Slot.parse(text)
            day = week.monday + dt.timedelta(days=slot.day)
            if week.cycle == slot.week and day in school.calendar.pupil_days:
                start = school.grid.periods[school.grid.index(slot.period)].start
                expected.add(dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=start))
    mine = {e.start for e in dated(scenario) if e.who == "T02" and e.use == "meet"}
    assert mine == expected
    mentor = school.pair("T02").mentor
    assert {e.start for e in dated(scenario) if e.who == mentor and e.use == "meet"} >= mine


def test_other_parsers_read_the_local_time_across_the_clock_change() -> None:
    text = first_files()["T02.ics"]
    zone = tzical(io.StringIO("\n".join(unfolded(text)))).get("Europe/London")
    real = ZoneInfo("Europe/London")
    meets = [e for e in events(text) if e["SUMMARY"].startswith("Coaching meeting")]
    offsets = set()
    for e in meets:
        local = dt.datetime.strptime(e["DTSTART"], "%Y%m%dT%H%M%S")
        # the file's own zone, read by dateutil, and the machine's say the same moment
        moment = local.replace(tzinfo=zone).astimezone(dt.UTC)
        assert moment == local.replace(tzinfo=real).astimezone(dt.UTC)
        offsets.add(local.replace(tzinfo=zone).utcoffset())
        assert local.time() == dt.time(9)  # period 1, in summer and in winter
    assert offsets == {dt.timedelta(0), dt.timedelta(hours=1)}
    first = dt.datetime.strptime(meets[0]["DTSTART"], "%Y%m%dT%H%M%S").date()
    found = recurring_ical_events.of(Calendar.from_ical(text)).at(first)
    assert any(str(e["SUMMARY"]).startswith("Coaching meeting") for e in found)


def test_every_event_once_with_an_identity_of_its_own() -> None:
    made = first_files()
    uids = [e["UID"] for text in made.values() for e in events(text)]
    assert len(uids) == len(set(uids)) == len(dated(planned()))
    assert all(e["SEQUENCE"] == "0" for text in made.values() for e in events(text))


def test_exporting_again_changes_nothing() -> None:
    first = first_files()
    assert files(planned(), first, LATER) == first


def test_a_moved_slot_moves_the_same_events_and_a_dropped_one_cancels_them() -> None:
    first = first_files()
    slots = planned().plan.slots["T02"]
    swap = PairSlots(
        **{**slots.model_dump(), "meet": (slots.meet[0], *slots.reserve), "reserve": slots.meet[1:]}
    )
    moved = planned().with_changes({"plan.slots.T02": swap.model_dump()})
    dropped = moved.with_changes({"plan.slots.T02.reserve": ""})
    second = files(dropped, first, LATER)
    before = {e["UID"]: e for e in events(first["T02.ics"])}
    after = {e["UID"]: e for e in events(second["T02.ics"])}
    assert after.keys() >= before.keys()
    for uid, old in before.items():
        new = after[uid]
        if old["SUMMARY"].startswith("Reserve"):
            assert (new["STATUS"], new["SEQUENCE"]) == ("CANCELLED", "1")
        elif new["DTSTART"] != old["DTSTART"]:
            assert (new["STATUS"], new["SEQUENCE"]) == ("CONFIRMED", "1")
        else:
            assert new == old
    counts = Counter((e["STATUS"], e["SEQUENCE"]) for e in after.values())
    assert counts["CONFIRMED", "1"] > 10
    assert counts["CANCELLED", "1"] == 19
    # what is cancelled stays so, and comes back as the same event
    third = files(dropped, second, LATER)
    assert third == second
    back = {e["UID"]: e for e in events(files(moved, second, LATER)["T02.ics"])}
    again = [back[u] for u, e in after.items() if e["STATUS"] == "CANCELLED"]
    assert {(e["STATUS"], e["SEQUENCE"]) for e in again} == {("CONFIRMED", "2")}


def test_who_has_no_slot_any_more_gets_cancellations() -> None:
    first = first_files()
    none = planned().with_changes({"plan.slots.T02": None})
    mentor = none.school.pair("T02").mentor
    second = files(none, first, LATER)
    for who in ("T02", mentor):
        slots = [e for e in events(second[file_name(who)]) if e["CATEGORIES"] == "Coaching"]
        assert {e["STATUS"] for e in slots} == {"CANCELLED"}


def training(text: bytes) -> dict[str, list[dict[str, str]]]:
    out: dict[str, list[dict[str, str]]] = {}
    for e in events(text):
        if e["CATEGORIES"] == "Training":
            out.setdefault(e["SUMMARY"].partition(":")[0].partition(" ")[0], []).append(e)
    return out


def test_training_stands_on_the_days_that_the_model_keeps_for_it() -> None:
    frame = frame_of(planned())
    due = [d for d in frame.training if frame.staff[d.person] == "T02"]
    days = planned().school.calendar.pupil_days
    mine = training(first_files()["T02.ics"])
    for kind, word in (("conference", "Conference"), ("clinic", "Clinic")):
        some = [d for d in due if d.kind == kind]
        wanted = [d.days[:1] if kind == "conference" else d.days for d in some]
        dates = sorted(days[i].strftime("%Y%m%d") for d in wanted for i in d)
        assert [e["DTSTART"][:8] for e in mine[word]] == dates
        assert dates
    assert {e["STATUS"] for e in mine["Conference"]} == {"CONFIRMED"}
    assert {e["STATUS"] for e in mine["Clinic"]} == {"TENTATIVE"}
    assert all("assumed" in e["DESCRIPTION"] for es in mine.values() for e in es)
    assert {e["DTSTART"][9:] for e in mine["Conference"]} == {"090000"}


def test_a_moved_training_day_moves_the_same_events() -> None:
    later = planned().with_changes({"programme.events.shift_weeks": 1})
    before = training(first_files()["T02.ics"])["Conference"]
    after = training(files(later, first_files(), LATER)["T02.ics"])["Conference"]
    assert {e["UID"] for e in before} == {e["UID"] for e in after}
    assert {e["SEQUENCE"] for e in after} == {"1"}
    evenings = planned().with_changes({"plan.training_release": "time_back"})
    found = training(files(evenings)["T02.ics"])["Conference"]
    assert len(found) > len(before)
    assert {e["DTSTART"][9:] for e in found} == {"160000"}


@pytest.mark.parametrize(
    "text", [b"", b"BEGIN:VCALENDAR\r\nPRODID:other\r\nEND:VCALENDAR\r\n", b"\xff\xfe"]
)
def test_somebody_elses_file_is_left_alone(text: bytes) -> None:
    with pytest.raises(InputError, match=r"T02\.ics"):
        files(planned(), {"T02.ics": text})


def test_a_plan_that_gives_up_a_tight_part_says_so_in_every_event() -> None:
    text = files(planned().with_changes({"plan.reps": 1}))["T02.ics"]
    assert all("gives up" in e["DESCRIPTION"] for e in events(text))


def test_file_names_are_safe_and_differ() -> None:
    hostile = ["<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "../../up", "a b", "a-b", ""]
    names = [file_name(h) for h in hostile]
    assert len(set(names)) == len(names)
    assert all(n.endswith(".ics") and not set(n) & set("/\\<>=|'! ") for n in names)

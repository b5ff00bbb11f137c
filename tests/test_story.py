"""Stories are read from the log: what they say stands in it, and their weeks add up to the ledger."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from ectsim.errors import InputError
from ectsim.ledger import ledger
from ectsim.log import CAUSE_CODE, EVENT_CODE, FORM_CODE, EventLog
from ectsim.model.year import simulate
from ectsim.scenario import Scenario
from ectsim.school import Pair
from ectsim.story import STATES, pair_story, versus, week_strip
from tests.builders import minute, tiny_calendar, tiny_plan, tiny_scenario, tiny_school

FIVE_WEEKS = tiny_scenario(tiny_school(weeks=5, year=1, new=False))
BASE = dt.date(2025, 9, 1)


def at(week: int, weekday: int, clock: str) -> int:
    """Return the minute of a week (1 is the first), a weekday (0 is Monday) and a clock time."""
    return minute(FIVE_WEEKS, BASE + dt.timedelta(days=7 * (week - 1) + weekday), clock)


def row(time: int, event: str, cycle: int = -1, value: int = 0, cause: str = "", form: str = "", side: int = 0, pair: int = 0):  # fmt: skip
    return (time, EVENT_CODE[event], pair, cycle, value, CAUSE_CODE[cause], FORM_CODE[form], side)


def due(*weeks: int, first: int = 0):
    return [row(at(w, 0, "07:30"), "due", first + i) for i, w in enumerate(weeks)]


def meeting(
    cycle: int,
    start: int,
    *,
    form="planned",
    reps=2,
    seen="live",
    model=True,
    recorded=True,
    mentoring=15,
):
    """Return the rows of a meeting from a step of module 3 to its record."""
    rows = [
        row(start, "meeting", cycle, 45, form=form),
        row(start, "step_chosen", cycle, 2, form=seen),
    ]
    rows += [row(start + 2, "praise", cycle, 3), row(start + 5, "share", cycle, 4)]
    rows += (
        [row(start + 9, "model", cycle, 6), row(start + 15, "analyse", cycle, 4)] if model else []
    )
    rows += [row(start + 19 + 4 * i, "practise", cycle, 4) for i in range(reps)]
    rows += [row(start + 30, "mentoring", cycle, mentoring)] if mentoring else []
    return [*rows, row(start + 45, "recorded" if recorded else "not_recorded", cycle)]


def failed(cycle: int, start: int, cause: str, side: int, form: str = "planned"):
    return row(start, "meeting_failed", cycle, start, cause, form, side)


def made(*rows, end: int | None = None) -> EventLog:
    log = EventLog(sorted(rows, key=lambda r: r[0]), at(5, 5, "00:00") if end is None else end)
    log.check()
    return log


TUESDAY = [at(w, 1, "14:05") for w in range(1, 6)]

LOG = made(
    *due(1, 2, 3, 4, 5),
    row(at(1, 0, "09:00"), "observed", 0, 12, form="live"),
    *meeting(0, TUESDAY[0]),
    row(at(1, 6, "18:00"), "studied", value=3, side=1),
    # week 2: the mentor is on cover, the reserve slot saves the cycle
    failed(1, TUESDAY[1], "cover", 2),
    *meeting(1, at(2, 3, "14:05"), form="reserve", recorded=False),
    # week 3: the ECT is away for two days, the cycle is carried and met late
    row(at(3, 0, "00:00"), "absence", value=10, cause="ect_absent", side=1),
    row(at(3, 1, "00:00"), "absence", value=11, cause="ect_absent", side=1),
    failed(2, TUESDAY[2], "ect_absent", 1),
    row(at(4, 0, "07:30"), "late", 2),
    *meeting(2, at(4, 0, "08:00"), form="before_after"),
    # week 4: met without a visit, and a need that has to wait
    row(at(4, 1, "09:00"), "observation_failed", 3, 0, "cover", "planned", 2),
    row(TUESDAY[3], "step_deferred", 3, 7),
    *meeting(3, TUESDAY[3], seen="", reps=1, mentoring=0),
    # week 5: lost
    failed(4, TUESDAY[4], "slipped", 0),
    row(at(5, 5, "00:00"), "lost", 4),
)


def test_a_year_week_by_week():
    assert pair_story(LOG, FIVE_WEEKS, "E1") == [
        "E1 is in year 1 and is coached by M1; 5 cycles are due.",
        "Week 1 (1 September): M1 visited a lesson of E1 on Monday at 09:00 for 12 minutes. They met on Tuesday at "
        "14:05: a step on routines (module 3), the model, 2 rehearsals, 15 minutes of other mentoring. E1 studied monitoring the room (module 4).",
        "Week 2 (8 September): The slot on Tuesday at 14:05 was lost: M1 was called to cover a lesson. They met on "
        "Thursday at 14:05 in the reserve slot: a step on routines (module 3), the model, 2 rehearsals, 15 minutes of other "
        "mentoring. It was not put on record.",
        "Week 3 (15 September): E1 was away on Monday and Tuesday. The slot on Tuesday at 14:05 was lost: E1 was "
        "away. The cycle was still open and was carried over.",
        "Week 4 (22 September): They met on Monday at 08:00 before school for the cycle of week 3: a step on routines "
        "(module 3), the model, 2 rehearsals, 15 minutes of other mentoring. A visit on Tuesday at 09:00 fell through: M1 was "
        "called to cover a lesson. They met on Tuesday at 14:05: a step on routines (module 3), the model, 1 rehearsal. It "
        "counts in part: no lesson was seen before it. What the lesson showed belongs to rules and consequences (module 8) and waits until "
        "that is studied.",
        "Week 5 (29 September): The slot on Tuesday at 14:05 was lost: something else came up. The cycle was lost; "
        "no other time was found.",
        "The year: 4 of 5 cycles met, 3 in full and 1 in part; 1 of them later than due.",
        "1 was lost: 1 to other things that took an unprotected time.",
    ]  # fmt: skip


def test_the_strip_of_the_same_year():
    strip = week_strip(LOG, FIVE_WEEKS, "E1")
    assert [(s.week, s.state, s.cycle) for s in strip] == [
        (1, "on_time", 0), (2, "moved", 1), (3, "late", 2), (4, "partial", 3), (5, "lost", 4),
    ]  # fmt: skip
    assert [s.date for s in strip] == [BASE + dt.timedelta(days=7 * i) for i in range(5)]
    assert [s.sentence for s in strip] == [
        "Met on Tuesday.",
        "Mentor on cover. Used the reserve slot on Thursday.",
        "ECT away. Caught up on Monday of week 4 before school.",
        "Met on Tuesday, in part (no lesson was seen before it).",
        "Something else came up. Lost.",
    ]


def arm(name: str) -> Scenario:
    return tiny_scenario(FIVE_WEEKS.school, tiny_plan({"E1": {"meet": "1Tue:5"}}, name=name))


def test_two_plans_of_the_same_year_where_they_part():
    other = made(
        *due(1, 2, 3, 4, 5),
        *meeting(0, at(1, 4, "14:05"), form="common_free"),  # another day is no difference
        failed(1, TUESDAY[1], "cover", 2),
        row(at(3, 0, "07:30"), "lost", 1),
        failed(2, TUESDAY[2], "ect_absent", 1),
        row(at(4, 0, "07:30"), "lost", 2),
        *meeting(3, TUESDAY[3]),
        failed(4, TUESDAY[4], "slipped", 0),
        row(at(5, 5, "00:00"), "lost", 4),
    )
    assert versus(other, LOG, arm("found_time"), arm("timetabled"), "E1") == [
        "E1's year, lived once under found_time and once under timetabled.",
        "Week 2: Mentor on cover. found_time: lost. timetabled: used the reserve slot on Thursday.",
        "Week 3: ECT away. found_time: lost. timetabled: caught up on Monday of week 4 before school.",
        "Week 4: found_time: met on Tuesday. timetabled: met on Tuesday, in part (no lesson was seen before it).",
        "The year. found_time: 2 of 5 cycles met, 2 in full; timetabled: 4 of 5 cycles met, 3 in full. "
        "1 more in full under timetabled.",
    ]


def test_what_came_in_the_way_of_one_plan_only_is_told():
    calm = made(*due(1), *meeting(0, TUESDAY[0]))
    rough = made(
        *due(1),
        failed(0, TUESDAY[0], "cover", 1),
        *meeting(0, at(1, 2, "14:05"), form="common_free"),
    )
    told = versus(calm, rough, arm("a"), arm("b"), "E1")
    assert told[1] == (
        "Weeks 1 to 5: ECT on cover. a: met on Tuesday. b: met on Wednesday in a free period of both."
    )
    assert told[2].endswith("As many in full under b.")


def test_the_same_year_twice_has_nothing_to_tell():
    assert versus(LOG, LOG, FIVE_WEEKS, FIVE_WEEKS, "E1") == [
        "E1's year, lived once under the first plan and once under the second plan.",
        "No cycle differs.",
    ]


def test_plans_are_told_apart_by_their_scenarios_where_their_names_are_the_same():
    one, two = (
        arm("timetabled"),
        Scenario("other", FIVE_WEEKS.programme, FIVE_WEEKS.school, arm("timetabled").plan),
    )
    assert versus(LOG, LOG, one, two, "E1")[0].endswith("under tiny and once under other.")


def test_another_calendar_is_refused_and_so_is_an_unknown_pair():
    longer = tiny_scenario(tiny_school(weeks=6, new=False))
    with pytest.raises(InputError, match="different calendars"):
        versus(LOG, LOG, FIVE_WEEKS, longer, "E1")
    with pytest.raises(InputError, match="no pair 'E9'"):
        pair_story(LOG, FIVE_WEEKS, "E9")
    with pytest.raises(InputError, match="no pair 'E9'"):
        week_strip(LOG, FIVE_WEEKS, "E9")


def test_a_fortnights_cycle_counts_for_one_week_of_it():
    log = made(*due(1, 3, 5), *meeting(0, TUESDAY[1]), row(at(5, 0, "07:30"), "lost", 1, cause="no_slot"),
               row(at(5, 5, "00:00"), "censored", 2))  # fmt: skip
    strip = week_strip(log, FIVE_WEEKS, "E1")
    assert [(s.state, s.cycle) for s in strip] == [
        ("none", -1), ("on_time", 0), ("none", -1), ("lost", 1), ("censored", 2),
    ]  # fmt: skip
    assert strip[0].sentence == "The cycle of weeks 1 to 2 counts for week 2."
    assert strip[3].sentence == "No time that both could make. Lost."
    story = pair_story(log, FIVE_WEEKS, "E1")
    assert story[1] == "Week 1 (1 September): The cycle could be held until week 2."
    assert (
        story[4]
        == "Week 4 (22 September): The cycle was lost: there was no time that both could make."
    )
    assert story[-2:] == [
        "1 was lost: 1 to there being no time that both could make.",
        "1 was still open when the year ended.",
    ]


def test_contracting_long_absence_and_weeks_with_nothing():
    log = made(row(at(1, 4, "15:00"), "contracted"), row(at(3, 0, "07:30"), "paused", 0, side=1), *due(4, first=1),
               *meeting(1, TUESDAY[3]))  # fmt: skip
    strip = week_strip(log, FIVE_WEEKS, "E1")
    assert [s.state for s in strip] == ["contracting", "none", "paused", "on_time", "none"]
    assert strip[1].sentence == "Nothing was due."
    story = pair_story(log, FIVE_WEEKS, "E1")
    assert story[0].endswith("1 cycle is due.")
    assert story[1].endswith("E1 and M1 agreed how they will work; no cycle was due.")
    assert story[2].endswith("Nothing happened.")
    assert "E1 has been ill for more than 20 school days" in story[3]


def test_a_cycle_lost_after_its_window_is_named_by_its_week():
    """The loss is told in the week at whose end it is closed; the strip counts it where it was due."""
    log = made(*due(1, 2, 3, 4, 5), failed(0, TUESDAY[0], "cover", 2), row(at(2, 0, "07:30"), "late", 0),
               row(at(3, 0, "07:30"), "lost", 0),
               *(r for c in (1, 2, 3, 4) for r in meeting(c, TUESDAY[c])))  # fmt: skip
    assert pair_story(log, FIVE_WEEKS, "E1")[2].endswith(
        "The cycle of week 1 was lost; no other time was found."
    )
    assert [s.state for s in week_strip(log, FIVE_WEEKS, "E1")] == ["lost", *["on_time"] * 4]


def test_a_slot_on_a_closed_day_has_no_clock_time():
    log = made(
        *due(1),
        failed(0, at(1, 0, "07:30"), "event", 0),
        *meeting(0, at(1, 2, "15:05"), form="before_after"),
    )
    story = pair_story(log, FIVE_WEEKS, "E1")
    assert "The cycle lost its slot: it fell on a day without lessons." in story[1]
    assert "They met on Wednesday at 15:05 after school" in story[1]
    assert "07:30" not in " ".join(story)


def test_an_hour_that_went_elsewhere():
    def drifted(side: int) -> EventLog:
        start = TUESDAY[0]
        return made(*due(1), row(start, "meeting", 0, 45, form="planned"), row(start, "step_deferred", 0, 5),
                    row(start, "step_chosen", 0, 2, form="video"), row(start + 2, "drifted", 0, 43, side=side),
                    row(start + 45, "recorded", 0))  # fmt: skip

    assert pair_story(drifted(0), FIVE_WEEKS, "E1")[1].endswith(
        "at 14:05: the time went to other matters."
    )
    assert pair_story(drifted(1), FIVE_WEEKS, "E1")[1].endswith(
        "at 14:05: the time went to a progress review."
    )


def test_a_video_and_a_lost_study_slot():
    log = made(*due(1), row(at(1, 0, "12:20"), "study_lost", value=0, cause="cover", side=1),
               row(TUESDAY[0], "observed", 0, 15, form="video"), *meeting(0, TUESDAY[0], seen="video"))  # fmt: skip
    told = pair_story(log, FIVE_WEEKS, "E1")[1]
    assert "The study slot on Monday was lost: E1 was called to cover a lesson." in told
    assert "M1 watched 15 minutes of a lesson on video." in told


def test_another_pairs_events_are_not_told():
    scenario = tiny_scenario(tiny_school(2, weeks=5, new=False))
    mine = [*due(1), *meeting(0, TUESDAY[0])]
    others = [(t, e, 1, *rest) for t, e, _, *rest in LOG.rows]
    assert pair_story(made(*mine, *others), scenario, "E1") == pair_story(
        made(*mine), scenario, "E1"
    )
    assert pair_story(made(*mine, *others), scenario, "E2")[-2].startswith(
        "The year: 4 of 5 cycles met"
    )


BUSY = {
    "weeks": 12, "staff": 12, "conditions": {"sickness_days": 20.0, "slip_found": 0.4},
    "lessons": {f"S{i}": "**:1 **:2 **:3 **:4 **:5" for i in range(1, 13)},
    "calendar": tiny_calendar(12, breaks={6: 1}, closed=[dt.date(2025, 9, 9), dt.date(2025, 10, 6)]),
}  # fmt: skip
SCHOOL = tiny_school(
    [Pair("E1", "M1"), Pair("E2", "M1", 2), Pair("E3", "M3", 1, False)], fte={"E3": "3/5"}, **BUSY
)
FOUND = tiny_scenario(SCHOOL, tiny_plan(preset="found_time"))
FIXED = tiny_scenario(
    SCHOOL,
    tiny_plan(
        {
            "E1": {"meet": "1Tue:5", "reserve": "1Thu:5"},
            "E2": {"meet": "1Wed:5"},
            "E3": {"meet": "1Mon:5"},
        },
        protection={"mentor": "none", "ect": "none"},
    ),
)


@pytest.mark.parametrize("replication", range(6))
@pytest.mark.parametrize("scenario", [FOUND, FIXED], ids=["found", "fixed"])
def test_simulated_strips_add_up_to_the_ledger(scenario, replication):
    log = simulate(scenario, 7, replication)
    entries = ledger(log, scenario)
    for index, pair in enumerate(SCHOOL.pairs):
        strip = week_strip(log, scenario, pair.id)
        assert len(strip) == 12
        assert {s.state for s in strip} <= STATES.keys()
        counted = Counter(s.state for s in strip if s.state not in ("none", "contracting"))
        mine = [e for e in entries if e.pair == index]
        assert counted == Counter(
            e.timing
            if e.timing in ("lost", "censored", "paused")
            else "partial"
            if e.content == "partial"
            else e.timing
            for e in mine
        )
        story = pair_story(log, scenario, pair.id)
        met = sum(e.met is not None for e in mine)
        due = sum(e.timing != "paused" for e in mine)
        assert any(line.startswith(f"The year: {met} of {due} cycles met") for line in story)
        assert sum(line.count("They met on") for line in story) == met
        assert [line.split(" (")[0] for line in story[1:13]] == [f"Week {w}" for w in range(1, 13)]


@pytest.mark.parametrize("replication", range(6))
def test_what_is_told_of_two_plans_adds_up_to_their_difference(replication):
    a, b = simulate(FOUND, 7, replication), simulate(FIXED, 7, replication)
    for index, pair in enumerate(SCHOOL.pairs):
        told = versus(a, b, FOUND, FIXED, pair.id)
        lines = [line for line in told if line.startswith("Week")]
        gained = sum(_full(line, "timetabled") - _full(line, "found_time") for line in lines)
        full = [
            sum(e.content == "full" for e in ledger(x, s) if e.pair == index)
            for x, s in ((a, FOUND), (b, FIXED))
        ]
        assert gained == full[1] - full[0]


def _full(line: str, name: str) -> bool:
    """Read back from a sentence whether a plan's cycle was held in full."""
    said = line.split(f"{name}: ")[1].split(". ")[0]
    return said.startswith(("met", "caught up", "used")) and "in part" not in said


def test_nobody_is_judged():
    words = " ".join(
        line for r in range(3) for line in pair_story(simulate(FIXED, 7, r), FIXED, "E1")
    ).lower()
    for word in ("good", "bad", "poor", "weak", "fail ", "failed", "score", "rank", "nqt"):
        assert word not in words.split(), word

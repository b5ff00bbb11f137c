"""Programme: what is due. A regime is a preset file in ``data/programme``."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from typing import Any, Literal

from pydantic import Field, field_validator

from ectsim.content import events as training_events
from ectsim.content import flex
from ectsim.errors import InputError, near
from ectsim.parameters import Frozen, number
from ectsim.share import data_dir

__all__ = [
    "Coaching",
    "Entitlement",
    "Events",
    "Launch",
    "Minutes3",
    "Programme",
    "Steps",
    "Study",
    "programme_names",
]

Minutes3 = tuple[float, float, float]
"""A triangular duration in minutes: least, most likely, most."""


class Entitlement(Frozen):
    """Time off the timetable that the induction gives."""

    y1_reduction: float = number(
        0.10, unit="share of the timetable", status="source", source="F003", ge=0, le=1,
        ask="How much lighter is a first-year timetable?",
    )  # fmt: skip
    y2_reduction: float = number(
        0.05, unit="share of the timetable", status="source", source="F004", ge=0, le=1,
        ask="How much lighter is a second-year timetable?",
    )  # fmt: skip
    mentor_minutes: int = number(
        60, unit="minutes a due cycle and ECT", status="source", source="F006 F007 A13-7", ge=0, le=300,
        ask="How many minutes must a mentor have for each ECT and cycle?",
    )  # fmt: skip
    mentor_hour: Literal["cycle", "week"] = number(
        "cycle", unit="", status="source", source="F045 A13-7",
        ask="In year 2, is the mentor's hour for each cycle or for each week?",
        why="Cycles come each fortnight then.",
    )  # fmt: skip
    ppa_share: float = number(
        0.10, unit="share of timetabled teaching", status="external", source="E5-02", ge=0, le=1,
        ask="What share of teaching time is planning time that nobody may take?",
    )  # fmt: skip


class Coaching(Frozen):
    """The cadence of coaching and what a full cycle is."""

    period_weeks_y1: int = number(
        1, unit="weeks a cycle", status="source", source="F032", ge=1, le=4,
        ask="How often is a first-year ECT coached?",
    )  # fmt: skip
    period_weeks_y2: int = number(
        2, unit="weeks a cycle", status="source", source="F033", ge=1, le=4,
        ask="How often is a second-year ECT coached?",
    )  # fmt: skip
    first_week: Literal["contract", "coach"] = number(
        "contract", unit="", status="source", source="F152",
        ask="Is the first week of a new pair for contracting or already for coaching?",
    )  # fmt: skip
    meeting_min: int = number(
        45, unit="minutes", status="source", source="F038", ge=10, le=120,
        ask="How long is the meeting?",
    )  # fmt: skip
    observation_min: Minutes3 = number(
        (10, 15, 15), unit="minutes (least, likely, most)", status="source", source="F035 A13-1",
        ask="How long is the visit to a lesson?",
    )  # fmt: skip
    observation_days: int = number(
        10, unit="pupil days", status="assumption", source="", low=5, high=15, ge=1, le=40,
        ask="After how many days is a visit too old to coach on?",
    )  # fmt: skip
    coaching_min: Minutes3 = number(
        (20, 30, 30), unit="minutes (least, likely, most)", status="source", source="F039 A13-2",
        ask="How long is the coaching part once it is practised?",
    )  # fmt: skip
    other_mentoring_min: int = number(
        15, unit="minutes", status="source", source="F040", ge=0, le=60,
        ask="How much of the meeting is other mentoring?",
    )  # fmt: skip
    phases: Literal["all", "four", "five"] = number(
        "all", unit="", status="source", source="F174 A13-15",
        ask="Which parts has the coaching?",
        why="all: praise, sharing, model, analysis, practice; four: no praise; five: the why is shared before the model, and there is no analysis after it.",
    )  # fmt: skip
    record: Literal["step", "all"] = number(
        "step", unit="", status="source", source="F070 F071 A13-14",
        ask="What must be put on record: the step, or the visit, the feedback and the meeting too?",
    )  # fmt: skip
    min_reps: int = number(
        2, unit="rehearsals", status="source", source="F065", ge=1, le=6,
        ask="How many rehearsals with feedback make a full cycle?",
    )  # fmt: skip
    setup_min: Minutes3 = number(
        (1, 2, 4), unit="minutes (least, likely, most)", status="assumption", source="",
        ask="How long do walking there and settling take?",
    )  # fmt: skip
    praise_min: Minutes3 = number(
        (2, 3, 4), unit="minutes (least, likely, most)", status="assumption", source="F057",
        ask="How long is praise for the last step, when practised?",
    )  # fmt: skip
    share_min: Minutes3 = number(
        (3, 4, 5), unit="minutes (least, likely, most)", status="assumption", source="F058",
        ask="How long does sharing the new step take, when practised?",
    )  # fmt: skip
    model_min: Minutes3 = number(
        (4, 6, 8), unit="minutes (least, likely, most)", status="assumption", source="F059",
        ask="How long does the mentor's model take, when practised?",
    )  # fmt: skip
    analyse_min: Minutes3 = number(
        (3, 4, 5), unit="minutes (least, likely, most)", status="assumption", source="F063",
        ask="How long does analysing the model take, when practised?",
    )  # fmt: skip
    practise_min: Minutes3 = number(
        (3, 4, 5), unit="minutes (least, likely, most)", status="assumption", source="F065",
        ask="How long is one rehearsal with its feedback, when practised?",
    )  # fmt: skip
    fluency: tuple[float, float, float] = number(
        (0.5, 0.35, 0.15), unit="share needing 2, 3 and 4 rehearsals", status="assumption", source="F066",
        ask="How many rehearsals does fluency take?",
    )  # fmt: skip
    novice_factor: float = number(
        1.6, unit="times the practised length", status="assumption", source="F179", low=1.3, high=1.8,
        ge=1, le=3, ask="How much longer does a mentor take who is new to coaching?",
        why="Early on, coaching took most of the meeting; later half an hour or less.",
    )  # fmt: skip
    learning_cycles: float = number(
        5.0, unit="cycles", status="assumption", source="F180", low=3, high=10, ge=0.5, le=60,
        ask="After how many cycles is two thirds of that gone?",
    )  # fmt: skip
    plan_minutes: float = number(
        10.0, unit="minutes a meeting", status="assumption", source="F154 F179", low=5, high=20, ge=0, le=120,
        ask="How long does a practised mentor plan a meeting?",
    )  # fmt: skip
    plan_mismatch: float = number(
        1.5, unit="times", status="assumption", source="F127 F225", low=1.0, high=2.0, ge=1, le=5,
        ask="How much longer where mentor and ECT teach different subjects?",
        why="Who knows the subject fits an example to it at once.",
    )  # fmt: skip
    review_weeks: tuple[int, ...] = number(
        (14, 25, 37), unit="weeks of the year, 0 is the first", status="external", source="E6-06",
        ask="In which weeks does a progress review or assessment take the meeting?",
        why="Two formal assessments and four progress reviews in two years: three a year.",
    )  # fmt: skip
    pause_after: int = number(
        20, unit="school days of sickness", status="assumption", source="E6-07", low=15, high=30, ge=1, le=400,
        ask="After how long an illness of the ECT do cycles stop being due?",
    )  # fmt: skip
    extend_from: int = number(
        30, unit="days of absence in a year", status="external", source="E6-07", ge=1, le=400,
        ask="From how many days of absence on is induction extended by them?",
    )  # fmt: skip
    one_meeting_a_day: bool = number(
        True, unit="", status="assumption", source="",
        ask="Does a pair meet at most once a day?",
    )  # fmt: skip
    reviews_use_meeting: bool = number(
        True, unit="", status="assumption", source="E6-06",
        ask="Do reviews and assessments take the place of that week's coaching?",
    )  # fmt: skip

    def period_weeks(self, year: int) -> int:
        """Weeks from one due cycle to the next for an ECT in that year of induction."""
        return self.period_weeks_y1 if year == 1 else self.period_weeks_y2

    def rate(self, year: int, fte: Fraction) -> Fraction:
        """Cycles due a week, as an exact fraction."""
        return fte / self.period_weeks(year)


class Study(Frozen):
    """Self-study modules."""

    modules: int = number(
        36, unit="modules", status="source", source="F029", ge=0, le=100,
        ask="How many study modules has the programme?",
    )  # fmt: skip
    module_min: int = number(
        60, unit="minutes", status="source", source="F029 E7-04", ge=0, le=240,
        ask="How long is a module?",
    )  # fmt: skip
    schedule: Literal["12x3", "24+12", "18+18"] = number(
        "12x3", unit="", status="source", source="A13-5",
        ask="How do the modules lie over the two years?",
    )  # fmt: skip
    second_year: Literal["fortnightly", "weekly"] = number(
        "fortnightly", unit="", status="source", source="A13-16",
        ask="Where all modules are new in year 1, how often does an ECT return to one in year 2?",
    )  # fmt: skip
    short_term: Literal["carry", "compress"] = number(
        "carry", unit="", status="source", source="A13-17",
        ask="Are modules that a short term cannot hold carried over, or done two a week?",
    )  # fmt: skip
    mentor_reads: float = number(
        0.5, unit="chance a module", status="assumption", source="F100 A13-10", low=0.2, high=1.0, ge=0,
        le=1, ask="How often does a mentor read a module too?",
        why="It is optional and strongly recommended.",
    )  # fmt: skip
    mentor_reading_minutes: int = number(
        30, unit="minutes a module", status="assumption", source="F100", low=15, high=60, ge=0, le=240,
        ask="How long does a mentor take over a module?",
    )  # fmt: skip

    def modules_in(self, year: int) -> int:
        """Return the modules that are new in a year of induction, 1 or 2 (A13-5)."""
        in_year_1 = {
            "12x3": self.modules,
            "24+12": 2 * self.modules // 3,
            "18+18": self.modules // 2,
        }[self.schedule]
        return in_year_1 if year == 1 else self.modules - in_year_1

    @property
    def revisits(self) -> bool:
        """Whether year 2 returns to the modules of year 1, one for each due cycle (A13-5)."""
        return self.schedule == "12x3"


class Steps(Frozen):
    """Steps: how one is chosen, how it settles, and what knowing and doing gain by it."""

    follow: bool = number(
        True, unit="", status="source", source="F037 F054",
        ask="Is a step of the library followed from meeting to meeting?",
        why="Without it only the topic of each meeting is kept.",
    )  # fmt: skip
    fit: float = number(
        0.7, unit="chance a new step", status="assumption", source="F118 F153", low=0.5, high=0.9, ge=0,
        le=1, ask="How often does the mentor's step meet what the lesson showed?",
    )  # fmt: skip
    fit_read: float = number(
        0.15, unit="chance added", status="assumption", source="F100", low=0.0, high=0.3, ge=0, le=1,
        ask="How much more often, when the mentor has read the module?",
    )  # fmt: skip
    plan_share: float = number(
        0.3, unit="share of new topics", status="assumption", source="F060", low=0.1, high=0.5, ge=0,
        le=1, ask="How often does a topic begin with a step in planning, not in class?",
    )  # fmt: skip
    move_on: float = number(
        0.15, unit="chance a meeting", status="assumption", source="F113", low=0.0, high=0.4, ge=0, le=1,
        ask="How often does a pair go on before a step is settled?",
    )  # fmt: skip
    repeats: int = number(
        2, unit="meetings", status="assumption", source="F112", low=1, high=4, ge=0, le=40,
        ask="How often is a step repeated before the pair goes on in any case?",
    )  # fmt: skip
    own_words: float = number(
        0.15, unit="share of new steps", status="assumption", source="F114", low=0.0, high=0.4, ge=0,
        le=1, ask="How many steps are reworded or written by the pair?",
    )  # fmt: skip
    led_start: float = number(
        0.0, unit="share of new steps", status="assumption", source="F073", low=0.0, high=0.2, ge=0,
        le=1, ask="How many steps does the ECT choose in the first year?",
    )  # fmt: skip
    led_end: float = number(
        0.6, unit="share of new steps", status="assumption", source="F074 F116", low=0.3, high=0.9,
        ge=0, le=1, ask="How many does the ECT choose at the end of the second year?",
        why="The share rises evenly through year 2.",
    )  # fmt: skip
    led_gain: float = number(
        0.005, unit="share a settled step", status="assumption", source="F079", low=0.0, high=0.02, ge=0,
        le=1, ask="How much does each settled step add to that share in year 2, with slow feedback on?",
    )  # fmt: skip
    led_fit: float = number(
        0.4, unit="chance a new step", status="assumption", source="F075", low=0.2, high=0.7, ge=0, le=1,
        ask="How often does a step that the ECT chooses meet what the lesson showed?",
    )  # fmt: skip
    mastery_weeks: int = number(
        1, unit="weeks", status="source", source="F043", ge=1, le=6,
        ask="In how many weeks should a step be settled?",
    )  # fmt: skip
    mastery: float = number(
        0.6, unit="chance a week", status="assumption", source="F043", low=0.4, high=0.8, ge=0, le=0.99,
        ask="How often is a step settled in a week that was modelled and rehearsed as a full cycle asks?",
    )  # fmt: skip
    switch_cost: float = number(
        0.3, unit="share of a week's progress", status="assumption", source="F177", low=0.0, high=0.6,
        ge=0, le=1, ask="How much slower does a step settle after a jump to another topic?",
    )  # fmt: skip
    without_model: float = number(
        0.5, unit="share of a week's progress", status="assumption", source="F170", low=0.25, high=0.9,
        ge=0, le=1, ask="How much of that is left without the mentor's model?",
    )  # fmt: skip
    study_gain: float = number(
        0.6, unit="share of what is missing", status="assumption", source="F018", low=0.4, high=0.8,
        ge=0, le=1, ask="How much does an hour of study add to what an ECT knows of a topic?",
    )  # fmt: skip
    help_gain: float = number(
        0.1, unit="share of what is still missing", status="assumption", source="F143 F169", low=0.0, high=0.3,
        ge=0, le=1, ask="How much more does an ECT take from study while somebody is free for questions?",
    )  # fmt: skip
    revisit_gain: float = number(
        0.2, unit="share of what is missing", status="assumption", source="F184", low=0.0, high=0.4,
        ge=0, le=1, ask="How much when a later module returns to it?",
    )  # fmt: skip
    forgetting: float = number(
        0.01, unit="share a week", status="assumption", source="F184", low=0.0, high=0.03, ge=0, le=1,
        ask="How fast is what was studied forgotten? Each return slows it.",
    )  # fmt: skip
    practice_gain: float = number(
        0.1, unit="share of the gap a rehearsal", status="assumption", source="F068", low=0.05, high=0.2,
        ge=0, le=1, ask="How much of the gap between knowing and doing does a rehearsal close?",
    )  # fmt: skip
    mastery_gain: float = number(
        0.25, unit="share of the gap a settled step", status="assumption", source="F043 F068", low=0.1,
        high=0.5, ge=0, le=1, ask="How much does a step that has settled in class?",
    )  # fmt: skip
    prior_knowing: Minutes3 = number(
        (0.1, 0.2, 0.35), unit="share (least, likely, most)", status="assumption", source="F022",
        ask="How much of the programme does an ECT know at the start?",
    )  # fmt: skip
    prior_doing: float = number(
        0.5, unit="share of what is known", status="assumption", source="F022 F025", low=0.2, high=0.8,
        ge=0, le=1, ask="How much of that does the ECT do in class already?",
    )  # fmt: skip


class Events(Frozen):
    """Training events: hours and counts."""

    ect_conferences_y1: int = number(
        2,
        unit="events",
        status="source",
        source="F081",
        ge=0,
        le=9,
        ask="ECT conferences in year 1?",
    )
    ect_conferences_y2: int = number(
        1,
        unit="events",
        status="source",
        source="F082",
        ge=0,
        le=9,
        ask="ECT conferences in year 2?",
    )
    conference_hours: float = number(
        6.0,
        unit="hours",
        status="source",
        source="F027 A13-4",
        ge=0,
        le=12,
        ask="How long is a conference?",
    )
    ect_clinics_y1: int = number(
        3, unit="events", status="source", source="F081", ge=0, le=9, ask="ECT clinics in year 1?"
    )
    ect_clinics_y2: int = number(
        3, unit="events", status="source", source="F082", ge=0, le=9, ask="ECT clinics in year 2?"
    )
    clinic_hours: float = number(
        1.0, unit="hours", status="source", source="F028", ge=0, le=6, ask="How long is a clinic?"
    )
    mentor_conferences: int = number(
        2, unit="events", status="source", source="F091", ge=0, le=9, ask="Mentor conferences?"
    )
    coaching_on_coaching: int = number(
        3,
        unit="hours",
        status="source",
        source="F092",
        ge=0,
        le=9,
        ask="Hours of coaching on coaching?",
    )
    mentor_clinics: int = number(
        3, unit="hours", status="source", source="F093", ge=0, le=9, ask="Hours of mentor clinics?"
    )
    mentor_training: Literal["two_years", "one_year", "each_year"] = number(
        "two_years", unit="", status="source", source="F094 A13-6 E6-02",
        ask="Is a mentor's training spread over two years, done in one, or repeated each year?",
    )  # fmt: skip

    in_year: bool = number(
        True, unit="", status="source", source="F096 F097",
        ask="Do training events take place in the simulated year?",
        why="A conference takes its people out of school for a day.",
    )  # fmt: skip
    weeks: tuple[str, ...] = number(
        (), unit="event=school week", status="assumption", source="F090",
        ask="Which events has the delivery partner in another week than the list?",
        why="Written ect_clinic_1=9; ids and the usual weeks stand in data/events.csv.",
    )  # fmt: skip
    shift_weeks: int = number(
        0, unit="weeks", status="assumption", source="", low=-1, high=3, ge=-10, le=10,
        ask="How many weeks later than the list are all events?",
    )  # fmt: skip
    labels: Literal["listed", "second_year_first"] = number(
        "listed", unit="", status="source", source="F089 A13-9",
        ask="Which topics have the events of year 2?",
        why="listed: in the order of the list; second_year_first: the conference prepares for year 2, change and wellbeing, and literacy is the first clinic.",
    )  # fmt: skip
    second_dates: int = number(
        2, unit="dates", status="assumption", source="E7-06", low=1, high=3, ge=0, le=5,
        ask="How many other dates has a conference for those who missed it?",
    )  # fmt: skip
    second_date_weeks: int = number(
        3, unit="weeks", status="assumption", source="E7-06", low=1, high=6, ge=1, le=12,
        ask="How many weeks later is the next date of a conference?",
    )  # fmt: skip
    clinic_places: int = number(
        20, unit="places a date", status="assumption", source="F097", low=5, high=30, ge=0, le=500,
        ask="How many places has a clinic date for this school?",
    )  # fmt: skip
    catch_up: float = number(
        0.5, unit="chance a week", status="assumption", source="E7-06", low=0.2, high=0.9, ge=0, le=1,
        ask="How soon is a missed clinic caught up on the platform?",
    )  # fmt: skip
    evening_start: int = number(
        960, unit="minutes after midnight", status="assumption", source="F097", low=930, high=1020,
        ge=840, le=1200, ask="When does training after school begin?",
    )  # fmt: skip
    evening_hours: float = number(
        2.0, unit="hours", status="assumption", source="F108", low=1.5, high=3.0, ge=0.5, le=4,
        ask="How long is an evening of a conference that is not held by day?",
    )  # fmt: skip
    travel_minutes: int = number(
        30, unit="minutes", status="assumption", source="F117", low=15, high=60, ge=0, le=180,
        ask="How long is the way to a mentor clinic in a room?",
    )  # fmt: skip
    time_back_minutes: int = number(
        60, unit="minutes a week", status="assumption", source="F108", low=30, high=120, ge=0, le=300,
        ask="How much owed time is given back in a week by an early end?",
    )  # fmt: skip
    gain_conference: float = number(
        2.0, unit="cycles of practice", status="assumption", source="F098", low=0.0, high=5.0, ge=0,
        le=40, ask="How many cycles of practice is a mentor conference worth?",
    )  # fmt: skip
    gain_coaching: float = number(
        1.5, unit="cycles of practice", status="assumption", source="F092 F227", low=0.0, high=4.0,
        ge=0, le=40, ask="How many cycles of practice is an hour of coaching on coaching worth?",
    )  # fmt: skip
    gain_clinic: float = number(
        0.5, unit="cycles of practice", status="assumption", source="F093 F227", low=0.0, high=2.0,
        ge=0, le=40, ask="How many cycles of practice is a mentor clinic worth?",
    )  # fmt: skip
    mentor_courses: int = number(
        0, unit="courses a mentor and year", status="assumption", source="F101", low=0, high=6, ge=0, le=40,
        ask="How many short online courses does a mentor take in a year?",
        why="They are open at any time and nobody has to take one.",
    )  # fmt: skip
    course_minutes: int = number(
        30, unit="minutes", status="assumption", source="F101", low=10, high=60, ge=1, le=600,
        ask="How long is a short online course for mentors?",
    )  # fmt: skip
    gain_course: float = number(
        0.25, unit="cycles of practice", status="assumption", source="F101 F227", low=0.0, high=1.0,
        ge=0, le=40, ask="How many cycles of practice is a short course worth?",
    )  # fmt: skip
    clinic_sharing: float = number(
        0.0, unit="share of the way to 1 a clinic", status="assumption", source="F226", low=0.0, high=0.1,
        ge=0, le=1, ask="How much does hearing other mentors in a clinic add to a mentor's belief?",
    )  # fmt: skip
    before_conference: float = number(
        0.5, unit="share of a cycle's practice", status="assumption", source="F098", low=0.25, high=1.0,
        ge=0, le=1, ask="How much does a new mentor learn from a cycle before the first conference?",
    )  # fmt: skip

    @field_validator("weeks", mode="before")
    @classmethod
    def _dated(cls, value: Any) -> Any:
        words = value.replace(",", " ").split() if isinstance(value, str) else value
        for word in words:
            name, _, week = str(word).partition("=")
            known = [e.id for e in training_events()]
            if name not in known or not week.isdigit():
                raise ValueError(f"'{word}' is no event and week; write ect_clinic_1=9")
        return tuple(words)

    @property
    def mentor_hours(self) -> float:
        """Hours of mentor training in the whole programme (F094)."""
        return self.mentor_hours_in(1) + self.mentor_hours_in(2)

    def mentor_hours_in(self, year: int) -> float:
        """Hours of mentor training in a year of the programme, 1 or 2.

        Spread over two years, each is given half; the sources do not say which event is in which.
        """
        once = (
            self.mentor_conferences * self.conference_hours
            + self.coaching_on_coaching
            + self.mentor_clinics
        )
        shares = {"two_years": (0.5, 0.5), "one_year": (1.0, 0.0), "each_year": (1.0, 1.0)}
        return once * shares[self.mentor_training][year - 1]


class Launch(Frozen):
    """What the coordinator goes to."""

    orientation_minutes: int = number(
        60, unit="minutes", status="source", source="F046", ge=0, le=600,
        ask="How long is the coordinator's orientation?",
    )  # fmt: skip
    new_minutes: int = number(
        180, unit="minutes", status="source", source="F048", ge=0, le=600,
        ask="How long is the live launch for a new coordinator?",
    )  # fmt: skip
    returning_minutes: int = number(
        60, unit="minutes", status="source", source="F047", ge=0, le=600,
        ask="How long is it for one who returns?",
    )  # fmt: skip


class Partner(Frozen):
    """The delivery partner, whose ECF lead says how much flex a school may use (F121)."""

    delivery: Literal["partner", "direct"] = number(
        "partner", unit="", status="source", source="F103 F138",
        ask="Who runs the training: a delivery partner with several schools, or the provider itself?",
        why="With the provider there is no partner whose list of options binds a school.",
    )  # fmt: skip
    disallowed: tuple[str, ...] = number(
        (), unit="ids of loose options", status="source", source="F121 F139 F218",
        ask="Which loose options does the delivery partner not allow?",
        why="A plan that uses one of them is refused.",
    )  # fmt: skip

    @field_validator("disallowed", mode="before")
    @classmethod
    def _known(cls, value: Any) -> Any:
        ids = value.replace(",", " ").split() if isinstance(value, str) else list(value or ())
        loose = [f.id for f in flex() if not f.tight]
        for name in ids:
            if name not in loose:
                raise ValueError(f"'{name}' is no loose option; {near(str(name), loose)}")
        return tuple(ids)


class Programme(Frozen):
    """A regime: cadence, study, events, entitlement, and what a full cycle is."""

    name: str = "2021"
    title: str = "The framework of 2021 to 2024"
    as_of: str = "2024-08-31"
    years: int = number(
        2, unit="years", status="source", source="F001", ge=1, le=4, ask="How long is induction?"
    )
    run_years: int = number(
        1, unit="school years", status="assumption", source="F001 F232", low=1, high=4, ge=1, le=8,
        ask="How many school years are simulated, one after the other?",
        why="Part-time ECTs take longer than two.",
    )  # fmt: skip
    entitlement: Entitlement = Field(default_factory=Entitlement)
    coaching: Coaching = Field(default_factory=Coaching)
    study: Study = Field(default_factory=Study)
    steps: Steps = Field(default_factory=Steps)
    events: Events = Field(default_factory=Events)
    launch: Launch = Field(default_factory=Launch)
    partner: Partner = Field(default_factory=Partner)

    def mentor_minutes(self, year: int) -> int:
        """Minutes that a mentor must have for a due cycle of an ECT in a year of induction (A13-7)."""
        rights = self.entitlement
        weeks = self.coaching.period_weeks(year) if rights.mentor_hour == "week" else 1
        return rights.mentor_minutes * weeks

    @property
    def given_up(self) -> tuple[str, ...]:
        """Tight parts that the regime itself leaves out: fewer rehearsals or a slower beat (F119)."""
        own, full = self.coaching, Coaching()
        slower = (
            own.period_weeks_y1 > full.period_weeks_y1 or own.period_weeks_y2 > full.period_weeks_y2
        )
        lost = {"second_rehearsal": own.min_reps < full.min_reps, "cadence": slower}
        return tuple(f.part for f in flex() if lost.get(f.id))

    @classmethod
    def preset(cls, name: str) -> Programme:
        """Read a regime from ``data/programme``.

        Raises
        ------
        InputError
            If there is no such regime.
        """
        if name not in programme_names():
            raise InputError(f"no programme '{name}'", remedy=near(name, programme_names()))
        path = data_dir() / "programme" / f"{name}.toml"
        return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def programme_names() -> tuple[str, ...]:
    """Return the names of the regimes that ship."""
    return tuple(sorted(p.stem for p in (data_dir() / "programme").glob("*.toml")))

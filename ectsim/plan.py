"""Plan: what is chosen. Slots, protection, recovery, cover policy; frozen, and able to say its difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from ectsim.clock import Slot
from ectsim.content import Flex, flex
from ectsim.errors import InputError, near
from ectsim.parameters import Frozen, number

__all__ = ["LEVELS", "CoverPolicy", "PairSlots", "Plan", "Protection", "plan_names"]

Level = Literal["none", "last", "guaranteed"]
LEVELS: tuple[Level, ...] = ("none", "last", "guaranteed")
"""How a slot stands in the cover rota, weakest first."""

Means = Literal["reserve", "common_free", "before_after", "video", "split"]


class Protection(Frozen):
    """How each side's induction slots stand in the cover rota."""

    mentor: Level = number(
        "none", unit="", status="assumption", source="F006",
        ask="When may a mentor be called to cover during an induction slot?",
        why="A mentor's free period is the first thing that a cover rota sees.",
    )  # fmt: skip
    ect: Level = number(
        "last", unit="", status="source", source="F005",
        ask="When may an ECT be called to cover during an induction slot?",
        why="An ECT's released time is for induction only.",
    )  # fmt: skip
    reserve: Level = number(
        "none", unit="", status="assumption", source="",
        ask="When may either be called to cover during the reserve slot?",
    )  # fmt: skip


class CoverPolicy(Frozen):
    """Who takes the lessons that absence leaves open."""

    supervisors: int | None = number(
        None, unit="people; empty: one for each 40 staff", status="assumption", source="", low=0, high=3,
        ge=0, le=20, ask="How many cover supervisors has the school?",
        why="They are called before any teacher.",
    )  # fmt: skip
    known_fill: float = number(
        0.9, unit="chance a known day", status="assumption", source="", low=0.6, high=1.0, ge=0, le=1,
        ask="How often is supply found for an absence that is known before?",
    )  # fmt: skip
    sickness_fill: float = number(
        0.8, unit="chance a day from the second", status="assumption", source="", low=0.4, high=1.0,
        ge=0, le=1, ask="How often is supply found from the second day of sickness?",
    )  # fmt: skip
    bought_fill: float = number(
        0.8, unit="chance a lesson", status="assumption", source="", low=0.4, high=1.0, ge=0, le=1,
        ask="How often can one lesson be bought in when nobody is left?",
    )  # fmt: skip
    supply_cost_day: float = number(
        291.0, unit="pounds a day", status="external", source="E5-09", low=218, high=291, ge=0, le=2000,
        ask="What does a supply teacher cost a day?",
    )  # fmt: skip
    split_classes: int | None = number(
        None, unit="classes a period; empty: 0, in a primary 1", status="assumption", source="", low=0,
        high=2, ge=0, le=10, ask="How many classes may be split before leaders are called to cover?",
        why="A primary splits a class among others before the head teaches it.",
    )  # fmt: skip
    rota: Literal["keyed", "fewest_first"] = number(
        "keyed", unit="", status="assumption", source="",
        ask="Who is called first among those who are free?",
        why="keyed: by lot each time; fewest_first: whoever was called least this half term.",
    )  # fmt: skip


class PairSlots(Frozen):
    """One pair's slots in the timetable cycle, each written ``1Tue:3``.

    Where people have no free periods, a slot may stand in a lesson while somebody named takes the
    class: ``release_ect`` the ECT's, ``release_mentor`` the mentor's (staff ids). ``deputy`` is the
    colleague who steps in for a mentor who is away for long or has left. ``helper`` is somebody, such
    as the head of department, whom the ECT may ask during study when both are free.
    """

    meet: tuple[str, ...] = ()
    observe: tuple[str, ...] = ()
    reserve: tuple[str, ...] = ()
    study: tuple[str, ...] = ()
    release_ect: str = ""
    release_mentor: str = ""
    deputy: str = ""
    helper: str = ""

    @field_validator("meet", "observe", "reserve", "study", mode="before")
    @classmethod
    def _written(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = tuple(v for v in value.replace("+", " ").replace(",", " ").split() if v)
        if not isinstance(value, list | tuple | None):
            raise ValueError("slots are a list of texts such as 1Tue:3")
        return tuple(str(Slot.parse(str(v))) for v in value or ())


class Plan(Frozen):
    """What a coordinator decides.

    The 14 loose options change logistics and never what a full cycle is; see
    :attr:`given_up` for the tight parts.
    """

    name: str = "found_time"
    meeting: Literal["fixed", "found"] = number(
        "found", unit="", status="source", source="F105 F106",
        ask="Is there a timetabled slot for each pair, or do they find time each week?",
        why="Time that is on no timetable competes with everything else.",
    )  # fmt: skip
    protection: Protection = Field(default_factory=Protection)
    cover: CoverPolicy = Field(default_factory=CoverPolicy)
    before_after: bool = number(
        True, unit="", status="source", source="F009 A13-13",
        ask="May pairs meet before or after school?",
        why="Normally the meeting is in teaching hours, and always in contracted time.",
    )  # fmt: skip
    recovery: tuple[Means, ...] = number(
        ("reserve", "common_free", "before_after"), unit="", status="assumption", source="F109 F110",
        ask="What may a pair use when a meeting is lost?",
        why="The first chance in time is taken; the order settles between means that fit one time.",
    )  # fmt: skip
    horizon: int = number(
        1, unit="weeks after the window", status="assumption", source="", low=0, high=2, ge=0, le=2,
        ask="For how long may a lost cycle be caught up?",
    )  # fmt: skip
    meeting_min: int = number(
        45, unit="minutes", status="source", source="F038", low=20, high=60, ge=10, le=120,
        ask="How many minutes are set aside for the meeting?",
    )  # fmt: skip
    protected_min: int = number(
        60, unit="minutes a due cycle and ECT", status="source", source="F006", low=0, high=120, ge=0,
        le=300, ask="How many minutes are set aside for the mentor, visit included?",
    )  # fmt: skip
    observe: bool = number(
        True, unit="", status="source", source="F037",
        ask="Is a lesson visited in every cycle?",
    )  # fmt: skip
    video: bool = number(
        False, unit="", status="source", source="F109",
        ask="Is the lesson seen by video instead of a visit?",
    )  # fmt: skip
    model: bool = number(
        True, unit="", status="source", source="F119 F183", ask="Does the mentor model the step?"
    )
    reps: int = number(
        2, unit="rehearsals", status="source", source="F065", low=0, high=4, ge=0, le=6,
        ask="How many rehearsals does the plan foresee at least?",
    )  # fmt: skip
    gate: Literal["deepen", "ignore", "postpone"] = number(
        "deepen", unit="", status="source", source="F055 F160",
        ask="What happens when a need has not been studied yet?",
        why="deepen: stay on a studied topic; postpone: no meeting until it is studied; ignore: coach it anyway.",
    )  # fmt: skip
    cadence: int = number(
        1, unit="programme periods a meeting", status="source", source="F032 F033 F119", ge=1, le=4,
        low=1, high=2, ask="Is every due cycle planned (1), or only each second (2)?",
    )  # fmt: skip
    checkin_min: int = number(
        0, unit="minutes a week", status="source", source="F049 A13-11", low=0, high=60, ge=0, le=300,
        ask="How long is the coordinator's weekly check-in with mentors?",
        why="She sees what was missed and helps to find a new time; more gets recorded.",
    )  # fmt: skip
    pastoral_by_other: bool = number(
        False, unit="", status="source", source="F115",
        ask="Does a colleague take on the pastoral part?",
    )  # fmt: skip
    release_form: Literal["reduced_timetable", "duties_removed", "cover", "before_after_school"] = number(
        "reduced_timetable", unit="", status="source", source="F008",
        ask="How is the mentor's time made?",
    )  # fmt: skip
    training_release: Literal["cover", "time_back"] = number(
        "cover", unit="", status="source", source="F107 F108",
        ask="Are people released for training days, or trained in the evening and given the time back?",
        why="A day's release leaves lessons to cover; evenings cost no lesson, but time is owed.",
    )  # fmt: skip
    mentor_training_mode: Literal["virtual", "in_person"] = number(
        "virtual", unit="", status="source", source="F117 F092 F093",
        ask="Do mentors join their clinics and coaching on a screen or in a room?",
        why="In a room there is a way to go, and no hour with an expert after school.",
    )  # fmt: skip
    slots: Mapping[str, PairSlots] = Field(default_factory=dict)
    registered_early: bool = number(
        False, unit="", status="source", source="F162",
        ask="Are ECTs and mentors registered before term begins?",
        why="Until both have access there is no study and no recorded cycle.",
    )  # fmt: skip
    deputy: bool = number(
        True, unit="", status="assumption", source="",
        ask="May the deputy that a pair names step in for its mentor?",
    )  # fmt: skip
    repair_after: int = number(
        0, unit="due cycles in a row without a record; 0: never", status="assumption", source="F228",
        low=0, high=4, ge=0, le=10,
        ask="After how many cycles without a record does the coordinator act?",
        why="A new time, a protected slot, the deputy, a word with leaders: one step at a time.",
    )  # fmt: skip
    monitoring_lag_weeks: int = number(
        1, unit="school weeks", status="assumption", source="F133", low=0, high=3, ge=0, le=10,
        ask="How old is what the coordinator sees on record?",
    )  # fmt: skip
    recognise: bool = number(
        False, unit="", status="source", source="F150",
        ask="Do leaders thank mentors in public each half term?",
    )  # fmt: skip

    @field_validator("recovery", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = tuple(v for v in value.replace("+", " ").replace(",", " ").split() if v)
        return (
            tuple(dict.fromkeys(value)) if isinstance(value, list | tuple | None) and value else ()
        )

    @property
    def given_up(self) -> tuple[str, ...]:
        """Tight parts that this plan gives up (F119, F211); every result then says so.

        What is tight, and which loose option does the same as a tight part, stands in
        ``data/flex.csv``.
        """
        known = {f.id: f for f in flex()}

        def takes(option: Flex | None) -> bool:
            return option is not None and option.taken(getattr(self, option.plan_field, None))

        return tuple(
            f.part
            for f in known.values()
            if f.tight and takes(f) and not takes(known.get(f.instead))
        )

    def slots_of(self, pair: str) -> PairSlots:
        """Return a pair's slots; a pair that is not named has none."""
        return self.slots.get(pair, PairSlots())

    def diff(self, other: Plan) -> dict[str, tuple[object, object]]:
        """Return what another plan changes: dotted name to (this, other).

        Parameters
        ----------
        other : Plan
            The plan to compare with.
        """
        mine, theirs = _flat(self.model_dump()), _flat(other.model_dump())
        names = sorted((mine.keys() | theirs.keys()) - {"name"})
        changed = {n: (mine.get(n), theirs.get(n)) for n in names if mine.get(n) != theirs.get(n)}
        # a pair that is not named and a pair without slots are the same
        return {n: v for n, v in changed.items() if not n.startswith("slots.") or any(v)}

    @classmethod
    def preset(cls, name: str) -> Plan:
        """Return a plan by name.

        Raises
        ------
        InputError
            If there is no such plan.
        """
        if name not in _PRESETS:
            raise InputError(f"no plan '{name}'", remedy=near(name, _PRESETS))
        return cls.model_validate({"name": name, **_PRESETS[name]})


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    out: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            out.update(_flat(value, f"{prefix}{key}."))
        else:
            out[f"{prefix}{key}"] = value
    return out


_PRESETS: dict[str, dict[str, Any]] = {
    "found_time": {
        "meeting": "found",
        "protection": {"mentor": "none", "ect": "none", "reserve": "none"},
        "before_after": True,
        "recovery": ("common_free", "before_after"),
        "horizon": 0,
        "checkin_min": 0,
    },
    "timetabled": {
        "meeting": "fixed",
        "protection": {"mentor": "guaranteed", "ect": "guaranteed", "reserve": "none"},
        "before_after": True,
        "recovery": ("reserve", "common_free", "before_after"),
        "horizon": 1,
        "checkin_min": 30,
        "registered_early": True,
        "repair_after": 2,
    },
}


def plan_names() -> tuple[str, ...]:
    """Return the names of the plans that ship."""
    return tuple(_PRESETS)

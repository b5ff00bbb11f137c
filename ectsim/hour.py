"""The coaching hour: how a mentor cuts it, and what the model's cycle makes of the cut.

A cut is turned into a scenario of the school ``quiet``, in which no meeting is ever lost, with
lengths drawn and mentors learning; what a meeting holds then depends on the cut alone. Every figure
is counted in the logs of simulated years: nothing here works out a length, a rehearsal or a bell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from statistics import fmean
from typing import Any, Literal

from ectsim.analysis import LIMITS, Estimate, estimate, paired, quantile, verdict
from ectsim.errors import InputError
from ectsim.parameters import certificates
from ectsim.programme import Coaching
from ectsim.scenario import Scenario, load

__all__ = ["BLOCKS", "MEASURES", "Cut", "Held", "hour_dict", "lived", "numbers", "simulate_hours"]

BLOCKS: dict[str, str] = {
    "visit": "Visit",
    "setup": "Settling",
    "praise": "Praise",
    "share": "Share step",
    "model": "Model",
    "analyse": "Analyse",
    "practise": "Practise",
    "other": "Other mentoring",
}
"""Parts of the hour in their fixed order (F035, F174), and what people call them."""

PHASES = ("setup", "praise", "share", "model", "analyse", "practise", "other")
"""Parts of the meeting."""

LONGEST_MEETING = 60
"""Minutes of a lesson period: a meeting ends with it."""

OTHER_DUE = 15
"""Minutes of the meeting that the programme leaves for other mentoring (F040)."""

SMALLEST = {"reps": 0.1, "overrun": 0.02, "other": 1.0, "full": 0.02}
"""The smallest difference that is called one: a tenth of a rehearsal, two points, a minute."""


def _usual(name: str) -> tuple[float, float, float]:
    found: tuple[float, float, float] = Coaching.model_fields[name].default
    return found


def _scaled(name: str, minutes: float) -> tuple[float, float, float]:
    """Return a phase's least, likely and most minutes when its likely length is another one."""
    low, mode, high = _usual(name)
    return round(low * minutes / mode, 3), float(minutes), round(high * minutes / mode, 3)


@dataclass(frozen=True)
class Cut:
    """How an hour is cut, in whole minutes as they are planned.

    Parameters
    ----------
    visit : int
        Minutes of a lesson that is seen before the meeting (F035); 0: none is seen, which gives up
        a tight part.
    setup, praise, share, model, analyse : int
        Likely minutes of each phase once the mentor is practised. A new mentor takes longer (F179).
        No model and no analysis (both 0) gives up a tight part.
    practise : int
        Minutes of practice; with ``rehearsal`` they say how many rehearsals are foreseen. Fewer
        than two give up a tight part (F065).
    other : int
        What is left for other mentoring (F040).
    rehearsal : int
        Likely minutes of one rehearsal with its feedback.
    apart : {'same', 'split', 'colleague'}
        Other mentoring in the same meeting; at a time of its own (F110); or with a colleague (F115).

    Raises
    ------
    InputError
        If the parts cannot be.
    """

    visit: int = 15
    setup: int = 2
    praise: int = 3
    share: int = 4
    model: int = 6
    analyse: int = 4
    practise: int = 8
    other: int = 18
    rehearsal: int = 4
    apart: Literal["same", "split", "colleague"] = "same"

    def __post_init__(self) -> None:
        """Check that the parts can be."""
        for name in (*BLOCKS, "rehearsal"):
            value = getattr(self, name)
            least = 1 if name in ("setup", "praise", "share", "rehearsal") else 0
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 60:
                raise InputError(
                    f"the minutes of '{BLOCKS.get(name, name)}' are no whole number from {least} to 60",
                    where=name,
                )
        if self.apart not in ("same", "split", "colleague"):
            raise InputError("other mentoring is in the same meeting, split or a colleague's", where="apart")  # fmt: skip
        if bool(self.model) != bool(self.analyse):
            raise InputError(
                "what was not modelled cannot be analysed, nor a model left without it",
                where="analyse",
                remedy="give both minutes, or neither",
            )
        if self.meeting > LONGEST_MEETING:
            raise InputError(
                f"a meeting of {self.meeting} minutes is longer than a lesson period of {LONGEST_MEETING}",
                where="other",
                remedy="take minutes away from it",
            )
        if self.sitting < 10:
            raise InputError("less than 10 minutes are left to meet", where="visit")

    @property
    def meeting(self) -> int:
        """Minutes of the meeting, other mentoring included."""
        return sum(getattr(self, name) for name in PHASES)

    @property
    def total(self) -> int:
        """Minutes of the hour, the visit included."""
        return self.visit + self.meeting

    @property
    def sitting(self) -> int:
        """Minutes after which the bell ends the coaching: without other mentoring if that is apart."""
        return self.meeting if self.apart == "same" else self.meeting - self.other

    @property
    def reps(self) -> int:
        """Rehearsals that the practice's minutes foresee, six at most."""
        return min(6, self.practise // self.rehearsal)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Cut:
        """Take a cut from plain data; what is not named is as the programme has it.

        Parameters
        ----------
        data : mapping
            By the names of the parameters.
        """
        unknown = sorted(set(data) - set(cls.__dataclass_fields__))
        if unknown:
            raise InputError(f"'{str(unknown[0])[:40]}' is no part of the hour")
        return cls(**data)

    def changes(self) -> dict[str, Any]:
        """Return what the cut changes in the scenario ``quiet``, by dotted name."""
        out: dict[str, Any] = {
            "conditions.random_durations": True,
            "conditions.learning": True,
            "plan.meeting_min": self.sitting,
            "plan.observe": self.visit > 0,
            "plan.model": self.model > 0,
            "plan.reps": self.reps,
            "plan.pastoral_by_other": self.apart != "same",
        }
        lengths = {
            "observation_min": self.visit,
            "setup_min": self.setup,
            "praise_min": self.praise,
            "share_min": self.share,
            "model_min": self.model,
            "analyse_min": self.analyse,
            "practise_min": self.rehearsal,
        }
        for name, minutes in lengths.items():
            if minutes and minutes != _usual(name)[1]:
                out[f"programme.coaching.{name}"] = _scaled(name, minutes)
        return out

    def scenario(self) -> Scenario:
        """Return the scenario in which the cut is lived."""
        return load("quiet").with_changes(self.changes())


@dataclass(frozen=True, slots=True)
class Held:
    """One meeting as the log has it, in minutes.

    Parameters
    ----------
    before : int
        Meetings that the mentor had held before, in this year.
    reps : int
        Rehearsals.
    full : bool
        Whether it counts in full.
    cut : bool
        Whether the bell came before what was begun or wanted was done.
    phases : tuple of int
        Minutes of each of :data:`PHASES`, and those of a phase that the bell cut off.
    """

    before: int
    reps: int
    full: bool
    cut: bool
    phases: tuple[int, ...]

    @property
    def other(self) -> int:
        """Minutes that were left for other mentoring, in the meeting."""
        return self.phases[PHASES.index("other")]

    @property
    def coaching(self) -> int:
        """Minutes until the coaching was done or the bell came."""
        return sum(self.phases) - self.other


@dataclass(frozen=True, slots=True)
class Hours:
    """The meetings of one simulated year.

    Parameters
    ----------
    new : tuple of Held
        Those of the mentor who begins, in order.
    practised : tuple of Held
        Those of the mentor who has a year behind them.
    """

    new: tuple[Held, ...]
    practised: tuple[Held, ...]


def lived(scenario: Scenario, seed: int, replication: int) -> Hours:
    """Simulate one year of a cut's scenario and take its meetings from the log.

    Parameters
    ----------
    scenario : Scenario
        From :meth:`Cut.scenario`.
    seed, replication : int
        Which year.
    """
    from ectsim.ledger import ledger  # noqa: PLC0415 - numpy, only where it is needed
    from ectsim.log import EVENTS, Event  # noqa: PLC0415 - as above
    from ectsim.model.year import live  # noqa: PLC0415 - as above

    log = live(scenario, seed, replication).log
    rows: dict[tuple[int, int], list[Event]] = {}
    for row in map(Event._make, log.rows):
        if row.cycle >= 0:
            rows.setdefault((row.pair, row.cycle), []).append(row)
    pairs = scenario.school.pairs
    met = [e for e in ledger(log, scenario) if e.met is not None and not e.drifted]
    out: dict[bool, list[Held]] = {True: [], False: []}
    for entry in sorted(met, key=lambda e: (e.met, e.pair)):
        minutes = dict.fromkeys((*PHASES, "cut"), 0)
        first = bell = clock = entry.met or 0
        for row in rows[entry.pair, entry.cycle]:
            name = EVENTS[row.event]
            if name == "meeting":
                bell = row.time + row.value
            elif name in minutes or name == "mentoring":
                if clock == first:
                    minutes["setup"] = row.time - first
                minutes["other" if name == "mentoring" else name] += row.value
                clock = row.time + row.value
        if entry.cut:
            minutes["cut"] = bell - clock
        mine = out[pairs[entry.pair].new]
        mine.append(Held(len(mine), entry.reps, entry.content == "full", entry.cut, tuple(minutes.values())))  # fmt: skip
    return Hours(tuple(out[True]), tuple(out[False]))


def simulate_hours(scenario: Scenario, seed: int, years: range) -> list[Hours]:
    """Simulate some years of a cut's scenario; see :func:`lived`."""
    return [lived(scenario, seed, r) for r in years]


# --- what is counted --------------------------------------------------------------------------

MEASURES: dict[str, Callable[[Held], float]] = {
    "reps": lambda h: h.reps,
    "overrun": lambda h: float(h.cut),
    "full": lambda h: float(h.full),
    "other": lambda h: h.other,
}
"""Rehearsals, whether the bell cut something off, whether it counts in full, minutes left over."""

BETTER = {"reps": "more", "overrun": "less", "full": "more", "other": "more"}

WHO = {
    "first": "A new mentor's first meeting",
    "practised": "A practised mentor's meetings",
}


def _of(run: Hours, who: str) -> Sequence[Held]:
    return run.new[:1] if who == "first" else run.practised


def _value(run: Hours, who: str, measure: str, cut: Cut) -> float:
    if measure == "other" and cut.apart != "same":
        # at a time of its own nothing of the coaching can eat into it; a colleague's is not the mentor's
        return float(cut.other) if cut.apart == "split" else 0.0
    return fmean(MEASURES[measure](h) for h in _of(run, who))


def _plain(e: Estimate, least: float = -inf, most: float = inf) -> dict[str, Any]:
    lo, hi = (e.lo, e.hi) if e.n > 1 else (e.mean, e.mean)
    return {"mean": e.mean, "lo": max(least, lo), "hi": min(most, hi), "n": e.n}


def hour_dict(
    cut: Cut,
    runs: Sequence[Hours],
    seed: int,
    base: tuple[Cut, Sequence[Hours]] | None = None,
) -> dict[str, Any]:
    """Return what a cut makes of the hour as plain data.

    Parameters
    ----------
    cut : Cut
        The cut.
    runs : sequence of Hours
        Its simulated years; the year is the sample.
    seed : int
        The run's seed.
    base : (Cut, sequence of Hours), optional
        Another cut in the same years, to hold it against.

    Returns
    -------
    dict
        ``cut``, ``total``, ``meeting``, ``reps`` (foreseen), ``code``, ``seed``, ``replications``,
        ``banner``, ``limits``; ``who`` {who: {measure: {mean, lo, hi, n}}}; ``shares`` {who: share of
        meetings by number of rehearsals}; ``minutes`` {who: mean minutes of each phase}; ``spread``
        {who: 50 equally likely minutes of other mentoring}; ``curve`` (by meetings held before: mean
        coaching minutes, a tenth below, a tenth above, mean rehearsals); with a base ``differences``
        {who: {measure: {mean, lo, hi, verdict}}} and ``base`` (its ``who``).
    """
    scenario = cut.scenario()
    out: dict[str, Any] = {
        "cut": asdict(cut),
        "total": cut.total,
        "meeting": cut.meeting,
        "sitting": cut.sitting,
        "reps": cut.reps,
        "code": scenario.code(seed),
        "seed": seed,
        "replications": len(runs),
        "banner": scenario.banner,
        "limits": LIMITS,
        "who": _who(cut, runs),
        "shares": {who: _shares([h for r in runs for h in _of(r, who)]) for who in WHO},
        "minutes": {who: _minutes([h for r in runs for h in _of(r, who)]) for who in WHO},
        "spread": {who: _spread(cut, [h for r in runs for h in _of(r, who)]) for who in WHO},
        "curve": _curve(runs),
    }
    if base is not None:
        before, years = base
        out["base"] = _who(before, years)
        out["differences"] = {
            who: {m: _difference(m, who, (before, years), (cut, runs)) for m in MEASURES}
            for who in WHO
        }
    return out


def _who(cut: Cut, runs: Sequence[Hours]) -> dict[str, dict[str, Any]]:
    most = {"overrun": 1.0, "full": 1.0}
    return {
        who: {
            m: _plain(estimate([_value(r, who, m, cut) for r in runs]), 0.0, most.get(m, inf))
            for m in MEASURES
        }
        for who in WHO
    }


def _difference(
    measure: str, who: str, base: tuple[Cut, Sequence[Hours]], other: tuple[Cut, Sequence[Hours]]
) -> dict[str, Any]:
    a, b = ([_value(r, who, measure, cut) for r in runs] for cut, runs in (base, other))
    d = paired(a, b)
    return {**_plain(d), "verdict": verdict(d, BETTER[measure], SMALLEST[measure])}


def _shares(held: Sequence[Held]) -> list[float]:
    most = max(4, *(h.reps for h in held))
    return [sum(h.reps == k for h in held) / len(held) for k in range(most + 1)]


def _minutes(held: Sequence[Held]) -> dict[str, float]:
    names = (*PHASES, "cut")
    return {name: fmean(h.phases[i] for h in held) for i, name in enumerate(names)}


def _spread(cut: Cut, held: Sequence[Held]) -> list[float]:
    if cut.apart != "same":
        return [float(cut.other) if cut.apart == "split" else 0.0] * 50
    values = [h.other for h in held]
    return [round(quantile(values, (i + 0.5) / 50), 1) for i in range(50)]


def _curve(runs: Sequence[Hours], most: int = 30) -> dict[str, list[float]]:
    """Follow the mentor who begins from meeting to meeting."""
    count = min([most, *(len(r.new) for r in runs)])
    out: dict[str, list[float]] = {"held": [], "mean": [], "p10": [], "p90": [], "median": [], "reps": [], "overrun": []}  # fmt: skip
    for i in range(count):
        here = [r.new[i] for r in runs]
        coaching = [float(h.coaching) for h in here]
        out["held"].append(i + 1)
        out["mean"].append(fmean(coaching))
        for name, p in (("p10", 0.1), ("median", 0.5), ("p90", 0.9)):
            out[name].append(quantile(coaching, p))
        out["reps"].append(fmean(h.reps for h in here))
        out["overrun"].append(fmean(h.cut for h in here))
    return out


# --- where the numbers come from --------------------------------------------------------------

USED = (
    "observation_min", "setup_min", "praise_min", "share_min", "model_min", "analyse_min",
    "practise_min", "min_reps", "fluency", "novice_factor", "learning_cycles", "meeting_min",
    "other_mentoring_min",
)  # fmt: skip


def numbers() -> list[dict[str, Any]]:
    """Return the metadata of every number that the hour rests on: value, unit, status, source, range."""
    return [
        asdict(c)
        for c in certificates(Coaching, "programme.coaching")
        if c.name.rpartition(".")[2] in USED
    ]

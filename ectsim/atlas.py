"""A grid of plans over three kinds of school, computed once and stored: what a rescue copy shows.

Each entry is an ordinary scenario with a code, so that any of them can be run again. Reading needs
the standard library alone; :func:`refresh` loads the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from ectsim.share import data_dir

__all__ = ["QUESTIONS", "SEED", "YEARS", "Question", "atlas", "choices", "compute", "refresh", "scenario_of"]  # fmt: skip

SEED, YEARS = 1, 50
"""Of every entry: fifty years give each dot of a dot plot a year."""

Choice = dict[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One choice of the grid.

    Parameters
    ----------
    name, ask : str
        Its key, and what a person is asked.
    options : tuple of (str, str)
        Value and words of each answer.
    slots_only : bool
        Whether it is asked only where there are slots.
    """

    name: str
    ask: str
    options: tuple[tuple[str, str], ...]
    slots_only: bool = False


NO_YES = (("no", "No"), ("yes", "Yes"))
QUESTIONS = (
    Question("school", "Which school is most like yours?", (("default", "Secondary, 96 staff, 5 ECTs"), ("abdi", "Secondary, 60 staff, 2 ECTs"), ("primary", "Primary, 14 classes, 2 ECTs"))),
    Question("meeting", "When do a mentor and an ECT meet?", (("found", "They find a time, week by week"), ("open", "In a slot; cover may take it"), ("last", "In a slot; cover takes it last"), ("kept", "In a slot; cover may not take it"))),
    Question("reserve", "A reserve slot?", NO_YES, slots_only=True),
    Question("later", "May a lost meeting be caught up in the week after?", NO_YES),
    Question("checkin", "Does the coordinator check in for 30 minutes a week?", NO_YES),
    Question("video", "May a video stand in for a visit that was not possible?", NO_YES),
    Question("split", "May a lost meeting be split in two?", NO_YES),
    Question("year", "What kind of year?", (("usual", "As usual"), ("hard", "A hard winter"))),
)  # fmt: skip

SLOT_PROTECTION = {"open": "none", "last": "last", "kept": "guaranteed"}
HARD_WINTER = {"default": 9.3, "abdi": 9.3, "primary": 7.4}
"""Days a teacher is ill in a year: 9.3 for secondaries (E4-04), and as much more for a primary (assumption)."""


def choices() -> Iterator[Choice]:
    """Yield every entry of the grid; without slots there is no reserve."""
    for values in product(*([value for value, _ in q.options] for q in QUESTIONS)):
        choice = dict(zip((q.name for q in QUESTIONS), values, strict=True))
        if choice["meeting"] != "found" or choice["reserve"] == "no":
            yield choice


def changes_of(choice: Choice) -> dict[str, object]:
    """Return the changes that an entry makes to the scenario of its school."""
    fixed = choice["meeting"] != "found"
    means = ("reserve", "common_free", "before_after", "video", "split")
    chosen = {name: choice.get(name, "yes") == "yes" for name in means}
    out: dict[str, object] = {
        "plan.preset": "timetabled" if fixed else "found_time",
        "plan.recovery": tuple(name for name in means if chosen[name]),
        "plan.horizon": int(choice["later"] == "yes"),
        "plan.checkin_min": 30 if choice["checkin"] == "yes" else 0,
    }
    if fixed:
        level = SLOT_PROTECTION[choice["meeting"]]
        out |= {"plan.protection.mentor": level, "plan.protection.ect": level}
    if choice["year"] == "hard":
        out["conditions.sickness_days"] = HARD_WINTER[choice["school"]]
    return out


def scenario_of(choice: Choice) -> Any:
    """Return an entry's scenario, as its code gives it."""
    from ectsim.scenario import load, parse_code  # noqa: PLC0415 - loads the model

    return parse_code(load(choice["school"]).with_changes(changes_of(choice)).code(SEED))[0]


METRICS = ("completion_any", "completion_full", "lowest_ect")
COSTS = ("mentor_own_time", "mentor_protected", "coordinator_minutes", "cover_by_teachers", "supply_cost")  # fmt: skip


def compute(choice: Choice, executor: Executor | None = None) -> dict[str, Any]:
    """Simulate an entry.

    Parameters
    ----------
    choice : dict of str to str
        From :func:`choices`.
    executor : concurrent.futures.Executor, optional
        Where the years are simulated.

    Returns
    -------
    dict
        ``choice``, ``code``, ``due_total``, ``ledger_total`` (without zeros), ``metrics`` {name:
        [mean, lo, hi, p10, p90]}, ``costs`` {name: mean} and ``dots`` (completion of each year in
        tenths of a point, in order of size).
    """
    from ectsim.analysis import result_dict  # noqa: PLC0415 - loads the model
    from ectsim.charts import spread_dots  # noqa: PLC0415
    from ectsim.experiment import replicate  # noqa: PLC0415

    run = replicate(scenario_of(choice), seed=SEED, replications=YEARS, executor=executor)
    result = result_dict(run)
    m = result["metrics"]
    (group,) = spread_dots([("", result)])["data"]["groups"]
    return {
        "choice": choice,
        "code": result["code"],
        "due_total": result["due_total"],
        "ledger_total": {k: v for k, v in result["ledger_total"].items() if v},
        "metrics": {k: [m[k][part] for part in ("mean", "lo", "hi", "p10", "p90")] for k in METRICS},
        "costs": {k: m[k]["mean"] for k in COSTS},
        "dots": [round(10 * v) for v in group["values"]],
    }  # fmt: skip


@lru_cache(maxsize=1)
def atlas() -> tuple[dict[str, Any], ...]:
    """Return the stored entries, in the order of :func:`choices`."""
    place = data_dir() / "launch" / "atlas.json"
    return tuple(json.loads(place.read_text(encoding="utf-8"))["entries"])


def refresh(
    folder: Path,
    *,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Compute all entries and store them; what a stopped run has done is taken up again.

    Parameters
    ----------
    folder : pathlib.Path
        Where ``atlas.json`` goes.
    executor : concurrent.futures.Executor, optional
        Where the years are simulated.
    progress : callable, optional
        Called with entries done and all.
    """
    from ectsim.launch import store  # noqa: PLC0415 - only to write

    wanted = list(choices())
    begun = folder / "atlas.begun.jsonl"
    done: dict[str, Mapping[str, Any]] = {}
    if begun.is_file():
        for line in begun.read_text(encoding="utf-8").splitlines():
            if line.endswith("}"):  # the last line of a run that was stopped may be cut short
                entry = json.loads(line)
                done[_key(entry["choice"])] = entry
    with begun.open("a", encoding="utf-8", newline="\n") as file:
        for n, choice in enumerate(wanted, start=1):
            if _key(choice) not in done:
                done[_key(choice)] = entry = compute(choice, executor)
                file.write(_line(entry) + "\n")
                file.flush()
            if progress:
                progress(n, len(wanted))
    lines = ",\n".join(_line(done[_key(choice)]) for choice in wanted)
    store(folder / "atlas.json", f'{{"format":1,"seed":{SEED},"years":{YEARS},"entries":[\n{lines}\n]}}\n')  # fmt: skip
    begun.unlink()


def _key(choice: Mapping[str, str]) -> str:
    return "-".join(choice.values())


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))

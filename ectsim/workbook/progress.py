"""Paths through the workbook, and a learner's progress, kept in one file of the learner's own folder.

``ectsim workbook`` names the folder in the variable ``ECTSIM_WORKBOOK``. Without it nothing is kept:
a lesson that runs as a test, or in a checkout, leaves no trace.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ectsim.errors import InputError, near

__all__ = ["LESSONS", "PATHS", "TASKS", "Lesson", "Path_", "done", "path", "progress", "tasks"]

FILE = "progress.json"
VARIABLE = "ECTSIM_WORKBOOK"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson: its id, its notebook without the ending, its title, and the minutes it takes."""

    id: str
    notebook: str
    title: str
    minutes: int


LESSONS: dict[str, Lesson] = {
    lesson.id: lesson
    for lesson in (
        Lesson("L0", "00_start_here", "Start here", 10),
        Lesson("L1", "01_entitlement", "The entitlement and the framework", 20),
        Lesson("L2", "02_weekly_hour", "The weekly hour", 25),
        Lesson("L3", "03_study_and_gate", "Study, the gate, and the knowing-doing gap", 25),
        Lesson("L4", "04_coaching_cycle", "The coaching cycle and deliberate practice", 25),
        Lesson("L5", "05_tight_but_loose", "Tight but loose", 20),
        Lesson("L6", "06_mentors", "How mentors learn", 25),
        Lesson("L7", "07_enabling_conditions", "Enabling conditions", 25),
        Lesson("L8", "08_finding_slots", "Finding slots", 25),
        Lesson("L9", "09_experiments", "Experiments: design, precision, shared luck", 30),
        Lesson("L10", "10_forecast", "Calibrate and re-forecast", 25),
        Lesson("L11", "11_dossier", "The dossier", 20),
        Lesson("L12", "12_launch_session", "A leader's guide to a launch session", 20),
        Lesson("R1", "r1_experiment", "An experiment of your own", 30),
        Lesson("R2", "r2_validation", "Validation: the model against published figures", 25),
        Lesson("R3", "r3_sensitivity", "Sensitivity: what a result hangs on", 25),
        Lesson("R4", "r4_other_tools", "Closed forms and other tools", 25),
        Lesson("R5", "r5_studies", "The studies, reproduced", 20),
        Lesson("R6", "r6_england", "England: a cohort of made-up schools", 20),
    )
}
"""Every lesson, in order."""


@dataclass(frozen=True, slots=True)
class Path_:
    """A path: for whom, what it leads to, and its steps as (lesson, minutes, what to do there)."""

    id: str
    title: str
    leads_to: str
    steps: tuple[tuple[str, int, str], ...]

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(m for _, m, _ in self.steps)


PATHS: dict[str, Path_] = {
    p.id: p
    for p in (
        Path_(
            "coordinator", "For an induction coordinator",
            "You can say how many cycles your plan will keep, why the others go, and what to ask your leaders for.",
            (
                ("L0", 5, "the task list"),
                ("L1", 10, "what is owed, and to whom"),
                ("L2", 15, "the hour that has to be found each week"),
                ("L5", 10, "what may be changed and what may not"),
                ("L6", 10, "what you are asking of mentors"),
                ("L7", 15, "the conditions that are yours to make"),
            ),
        ),
        Path_(
            "mentor", "For a mentor",
            "You know what each part of the hour is for, and what a busy year does to it.",
            (
                ("L0", 5, "how to read the workbook"),
                ("L3", 25, "why a step waits for its study week"),
                ("L4", 25, "the parts of the meeting and why the order holds"),
                ("L5", 20, "where you may fit it to your ECT"),
                ("L6", 25, "how others have learnt it"),
            ),
        ),
        Path_(
            "researcher", "For a researcher",
            "You can design a comparison in this model, say how sure it is, and say what it does not show.",
            (
                ("L0", 10, "what is modelled"),
                ("L2", 25, "how a loss comes about"),
                ("L3", 25, "two state variables: knowing and doing"),
                ("L7", 25, "mechanisms and feedback"),
                ("L8", 25, "the planner and its limits"),
                ("L9", 30, "replications, pairing, verdicts"),
                ("L10", 25, "learning rates from a log, and what it cannot tell"),
                ("R1", 30, "a template, filled in with a question of yours"),
                ("R2", 25, "what was held against the world, and what missed"),
                ("R3", 25, "which assumptions carry a result"),
                ("R4", 25, "formulas and programs that share no code with it"),
                ("R5", 20, "the tables of the documents from code"),
                ("R6", 20, "a plan in many schools, and whom it reaches"),
                ("L11", 20, "what a reviewer asks, and what answers"),
            ),
        ),
        Path_(
            "trainer", "For somebody who leads a launch session",
            "You have run each reveal yourself, and know which wrong answers a room gives.",
            (
                ("L0", 10, "the four aims"),
                ("L2", 25, "the first reveal"),
                ("L5", 20, "the image that people remember"),
                ("L7", 25, "Mandy's year"),
                ("L9", 15, "the part on chance and verdicts"),
                ("L12", 20, "the session, minute by minute"),
            ),
        ),
    )
}  # fmt: skip
"""The paths by id."""

TASKS: dict[str, str] = {
    "guidance": "Read the statutory induction guidance, in the edition that is in force",
    "framework": "Read the framework that your ECTs are trained by",
    "launch": "Sign up for a launch session: one hour if you have done this before, three if not",
    "mentors": "Name a mentor for each ECT, and register both",
    "time": "Agree with your leaders where the weekly hour stands, before the timetable is fixed",
}
"""What a coordinator does beside this workbook; the first three are the programme's own list."""


def _file() -> Path | None:
    folder = os.environ.get(VARIABLE)
    return Path(folder) / FILE if folder else None


def _read() -> dict[str, list[str]]:
    empty: dict[str, list[str]] = {"solved": [], "tasks": []}
    place = _file()
    if place is None or not place.is_file():
        return empty
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        return {k: [str(v) for v in found.get(k, [])] for k in empty}
    except (OSError, ValueError, AttributeError, TypeError):
        raise InputError(
            "the file of your progress cannot be read", where=FILE,
            remedy="delete it; only the ticks are lost, not your notebooks",
        ) from None  # fmt: skip


def _add(kind: str, name: str) -> None:
    place = _file()
    if place is None:
        return
    found = _read()
    if name in found[kind]:
        return
    found[kind].append(name)
    part = place.with_suffix(".part")
    try:
        part.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        part.replace(place)
    except OSError as error:
        print(f"Your progress could not be kept ({error.strerror or error}).")


def solved(exercise: str) -> None:
    """Note that an exercise is solved."""
    _add("solved", exercise)


def done(task: str) -> None:
    """Tick a task of the coordinator's list, and show the list.

    Parameters
    ----------
    task : str
        A key of :data:`TASKS`.

    Raises
    ------
    InputError
        If there is no such task.
    """
    if task not in TASKS:
        raise InputError(f"no task '{task}'", remedy=near(task, TASKS))
    _add("tasks", task)
    tasks()


def tasks() -> None:
    """Print the coordinator's list of tasks with what is done."""
    ticked = _read()["tasks"]
    for name, words in TASKS.items():
        print(f"{'done' if name in ticked else 'to do':5}  {name:10} {words}")


def _exercises(lesson: str) -> list[str]:
    from ectsim.workbook.exercises import EXERCISES  # noqa: PLC0415 - it notes progress here

    return [e for e in EXERCISES if e.split("-")[0] == lesson]


def _state(lesson: str, known: Iterable[str]) -> tuple[int, int]:
    mine = _exercises(lesson)
    return sum(e in known for e in mine), len(mine)


def path(name: str) -> None:
    """Print a path: its lessons, the time they take, what is solved, and whether you are done.

    Parameters
    ----------
    name : str
        ``coordinator``, ``mentor``, ``researcher`` or ``trainer``.

    Raises
    ------
    InputError
        If there is no such path.
    """
    if name not in PATHS:
        raise InputError(f"no path '{name}'", remedy=near(name, PATHS))
    chosen, known = PATHS[name], _read()["solved"]
    print(f"{chosen.title}: {chosen.minutes} minutes in {len(chosen.steps)} lessons")
    open_: list[str] = []
    for i, (lesson, minutes, what) in enumerate(chosen.steps, start=1):
        have, of = _state(lesson, known)
        if have < of:
            open_.append(lesson)
        state = "done" if have == of else f"{have} of {of} exercises solved"
        print(f"{i}. {LESSONS[lesson].title} ({minutes} min): {what} - {state}")
    if open_:
        print(f"Next: {LESSONS[open_[0]].notebook}.ipynb")
    else:
        print(f"You are done. {chosen.leads_to}")


def progress() -> None:
    """Print what is solved of each lesson, and the paths that are done."""
    known = _read()["solved"]
    states = {lesson: _state(lesson, known) for lesson in LESSONS}
    for lesson, (have, of) in states.items():
        print(f"{LESSONS[lesson].title}: {have} of {of}")
    complete = [
        p for p in PATHS.values() if all(states[s][0] == states[s][1] for s, _, _ in p.steps)
    ]
    if complete:
        print()
    for p in complete:
        print(f"{p.title}: you are done. {p.leads_to}")
    if not complete:
        print("\nNo path is complete yet; each says what comes next.")
    if _file() is None:
        print("Progress is kept when the workbook is opened with: ectsim workbook")

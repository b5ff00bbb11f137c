"""Exercises that the model answers: hand in a scenario, a number or a choice, and hear what it did.

An exercise is a function from an answer to a :class:`Outcome`. It runs the simulation and speaks
from the ledger; a hint says what the answer did, never what the right one is. Reference answers and
the wrong answers that are foreseen stand in ``ectsim/workbook/solutions.py``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal

from ectsim.errors import InputError, near

__all__ = ["EXERCISES", "Exercise", "Outcome", "ask", "check", "exercise", "hint", "right"]

WIDTH = 100
"""Characters in a printed line."""

Expects = Literal["number", "choice", "changes", "order", "cards"]

HOW: dict[Expects, str] = {
    "number": "Answer with a number.",
    "choice": "Answer with one of the letters.",
    "changes": 'Answer with changes, such as {"plan.horizon": 2}; {} changes nothing.',
    "order": "Answer with a list of words in order.",
    "cards": "Answer with a mapping: each card to its pile.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an exercise says to an answer.

    Parameters
    ----------
    solved : bool
        Whether the answer holds.
    rule : str
        Which of the exercise's rules spoke; ``unanswered``, ``unreadable`` and ``refused`` are
        everybody's.
    text : str
        What it says.
    exercise : str
        The exercise's id.
    """

    solved: bool
    rule: str
    text: str
    exercise: str = ""

    def __repr__(self) -> str:
        """Show it as text: the only form it has, so that nothing in it is taken for markup."""
        said = f"{self.exercise}: {'solved' if self.solved else 'not yet'}. {self.text}"
        return textwrap.fill(said, WIDTH)


def hint(rule: str, text: str) -> Outcome:
    """Return a hint: the answer does not hold, and this is what it did.

    Parameters
    ----------
    rule : str
        Name of the rule, one for each kind of wrong answer.
    text : str
        What the answer did, and where to look.
    """
    return Outcome(solved=False, rule=rule, text=text)


def right(text: str) -> Outcome:
    """Return that an answer holds, and why.

    Parameters
    ----------
    text : str
        What it did.
    """
    return Outcome(solved=True, rule="right", text=text)


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question that the model answers.

    Parameters
    ----------
    id : str
        Lesson and number, such as ``L2-1``.
    question : str
        What is asked.
    expects : str
        What an answer is: a key of :data:`HOW`.
    judge : callable
        From an answer that can be read to an :class:`Outcome`.
    options : mapping of str to str
        Letters and words of a choice; cards and nothing of cards.
    piles : tuple of str
        Piles of cards.
    """

    id: str
    question: str
    expects: Expects
    judge: Callable[[Any], Outcome]
    options: Mapping[str, str]
    piles: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the question as it is asked."""
        out = [textwrap.fill(f"{self.id}. {self.question}", WIDTH)]
        if self.expects == "choice":
            out += [f"  {letter}  {words}" for letter, words in self.options.items()]
        elif self.options:
            out += [f"  - {card}" for card in self.options]
        if self.piles:
            out.append(f"Piles: {', '.join(self.piles)}.")
        return "\n".join([*out, HOW[self.expects]])


EXERCISES: dict[str, Exercise] = {}
"""Every exercise by id, in the order of the lessons."""


def exercise(
    id: str,
    expects: Expects,
    question: str,
    options: Mapping[str, str] | Sequence[str] = (),
    piles: Sequence[str] = (),
) -> Callable[[Callable[[Any], Outcome]], Callable[[Any], Outcome]]:
    """Register a function as an exercise's judge.

    Parameters
    ----------
    id, expects, question, options, piles
        See :class:`Exercise`.
    """
    named = dict(options) if isinstance(options, Mapping) else dict.fromkeys(options, "")

    def register(judge: Callable[[Any], Outcome]) -> Callable[[Any], Outcome]:
        if id in EXERCISES:
            raise ValueError(f"exercise {id} is there twice")
        EXERCISES[id] = Exercise(id, question, expects, judge, named, tuple(piles))
        return judge

    return register


def find(id: str) -> Exercise:
    """Return an exercise by its id.

    Raises
    ------
    InputError
        If there is none.
    """
    if id not in EXERCISES:
        raise InputError(f"no exercise '{id}'", remedy=near(id, EXERCISES))
    return EXERCISES[id]


def ask(id: str) -> None:
    """Print an exercise's question.

    Parameters
    ----------
    id : str
        Its id.
    """
    print(find(id))


def check(id: str, answer: object) -> Outcome:
    """Hold an answer against the model.

    Parameters
    ----------
    id : str
        The exercise's id.
    answer : object
        What the exercise expects; ``...`` where nothing is answered yet.

    Returns
    -------
    Outcome
        Whether it holds, and what the model made of it. One that holds is noted as solved.
    """
    asked = find(id)
    if answer is None or answer is ...:
        text = f"Put your answer in place of the dots and run the cell again. {HOW[asked.expects]}"
        return Outcome(solved=False, rule="unanswered", text=text, exercise=id)
    try:
        read = READERS[asked.expects](asked, answer)
        found = replace(asked.judge(read), exercise=id)
    except InputError as error:
        rule = "unreadable" if error.where == READING else "refused"
        text = error.what + (f" - {error.remedy}" if error.remedy else "")
        place = f"{error.where}: " if error.where and error.where != READING else ""
        return Outcome(solved=False, rule=rule, text=f"{place}{text}.", exercise=id)
    if found.solved:
        from ectsim.workbook.progress import solved  # noqa: PLC0415 - it reads this module

        solved(id)
    return found


READING = "your answer"


def _unreadable(asked: Exercise, what: str) -> InputError:
    return InputError(what, where=READING, remedy=HOW[asked.expects].rstrip("."))


def _number(asked: Exercise, answer: object) -> float:
    if isinstance(answer, bool) or not isinstance(answer, int | float) or answer != answer:
        raise _unreadable(asked, "this is no number")
    return float(answer)


def _choice(asked: Exercise, answer: object) -> str:
    letter = str(answer).strip().lower()
    if letter not in asked.options:
        raise _unreadable(asked, f"there is no choice '{letter}'")
    return letter


def _changes(asked: Exercise, answer: object) -> dict[str, object]:
    if not isinstance(answer, Mapping) or not all(isinstance(k, str) for k in answer):
        raise _unreadable(asked, "these are no changes")
    return dict(answer)


def _order(asked: Exercise, answer: object) -> list[str]:
    if not isinstance(answer, list | tuple):
        raise _unreadable(asked, "this is no list")
    words = [str(w).strip().lower() for w in answer]
    if sorted(words) != sorted(asked.options):
        raise _unreadable(asked, "each of the words belongs in the list, once")
    return words


def _cards(asked: Exercise, answer: object) -> dict[str, str]:
    if not isinstance(answer, Mapping):
        raise _unreadable(asked, "this is no mapping")
    read = {str(k).strip().lower(): str(v).strip().lower() for k, v in answer.items()}
    if set(read) != set(asked.options):
        raise _unreadable(asked, "each of the cards belongs in it, spelled as above")
    if not set(read.values()) <= set(asked.piles):
        raise _unreadable(asked, f"the piles are {' and '.join(asked.piles)}")
    return read


READERS: dict[Expects, Callable[[Exercise, object], Any]] = {
    "number": _number,
    "choice": _choice,
    "changes": _changes,
    "order": _order,
    "cards": _cards,
}

import_module("ectsim.workbook.questions")  # each question registers itself

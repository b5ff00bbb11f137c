"""Hold every reference answer, and every wrong one that is foreseen, against the model.

``python -m ectsim.workbook.answers`` says which no longer hold after a change of the model, and for an
exercise that wants a number which numbers do. ``solutions.py`` is then mended by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from ectsim.workbook.exercises import EXERCISES, check
from ectsim.workbook.solutions import SOLUTIONS

__all__ = ["holding", "main", "stale"]

TENTHS = [n / 10 for n in range(-1000, 2001)]
"""Numbers that are tried where a reference answer no longer holds."""


def stale(names: Sequence[str] = ()) -> Iterator[tuple[str, object, str, str]]:
    """Yield answers to which an exercise no longer says what was foreseen.

    Parameters
    ----------
    names : sequence of str
        Exercises; all if none are named.

    Yields
    ------
    tuple of (str, object, str, str)
        Exercise, answer, the rule that was foreseen (``right`` for the reference answer), and what is
        said now, with its rule.
    """
    for name in names or EXERCISES:
        solution = SOLUTIONS[name]
        for rule, answer in {"right": solution.answer, **solution.wrong}.items():
            found = check(name, answer)
            if found.rule != rule:
                yield name, answer, rule, f"{found.rule}: {found.text}"


def holding(name: str) -> list[float]:
    """Return the numbers, in tenths, that an exercise takes now.

    Parameters
    ----------
    name : str
        An exercise that wants a number.
    """
    return [n for n in TENTHS if check(name, n).solved]


def main(names: Sequence[str]) -> int:
    """Print what no longer holds; return 1 if anything does not."""
    bad = list(stale(names))
    for name, answer, rule, said in bad:
        print(f"{name}: {answer} was foreseen as '{rule}' and is now\n    {said}")
        if rule == "right" and EXERCISES[name].expects == "number":
            good = holding(name)
            print(f"    taken now: {f'{good[0]:g} to {good[-1]:g}' if good else 'no tenth'}")
    print(f"{len(names or EXERCISES)} exercises, {len(bad)} answers that no longer hold.")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

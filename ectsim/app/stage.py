"""Widgets of a live session: hands counted for each guess, and a clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import traitlets

from ectsim.app.widgets import Widget, module

__all__ = ["Timer", "Vote"]

# The rest of the design is linked by the page; what a live session adds comes with its widgets.
_STYLE = (Path(__file__).resolve().parent / "static/launch.css").read_text(encoding="utf-8")


class Vote(Widget):
    """Hands of a room, counted for each guess.

    Parameters
    ----------
    name : str
        Name of the question, for its id.
    on_change : callable
        Takes the counts after each change.

    Attributes
    ----------
    options : list of str
        What may be guessed.
    counts : list of int
        Hands for each, 0 to 999.
    locked : bool
        Whether it is over.
    right : int
        Index of what was found; -1 while that is not shown.
    words : str
        What the room said and what was found, in a sentence that is read aloud.
    then : str
        Id of the heading that takes the focus when :meth:`follow` is called.
    """

    _esm = module("vote")
    _css = Widget._css + _STYLE
    name = traitlets.Unicode().tag(sync=True)
    ask = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    counts = traitlets.List(traitlets.Int(min=0, max=999), maxlen=12).tag(sync=True)
    locked = traitlets.Bool(False).tag(sync=True)
    right = traitlets.Int(-1).tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    then = traitlets.Unicode().tag(sync=True)

    def __init__(self, name: str, on_change: Callable[[list[int]], Any] | None = None) -> None:
        super().__init__(name=name)
        self._on_change = on_change
        self.observe(lambda change: self.call(self._on_change, list(change["new"])), "counts")

    def put(
        self, ask: str, options: Sequence[str], counts: Sequence[int], *, right: int, words: str
    ) -> None:
        """Show a question with its hands so far; ``right`` below 0 leaves it open.

        Parameters
        ----------
        ask, options, counts, right, words
            See the attributes.
        """
        with self.hold_sync():
            self.ask, self.options = ask, list(options)
            self.counts = list(counts)
            self.right, self.locked, self.words = right, right >= 0, words

    def follow(self) -> None:
        """Lead the visitor to what was found."""
        self.send({"event": "follow"})


class Timer(Widget):
    """Counts down the minutes of a step, and up when they are over."""

    _esm = module("timer")
    _css = ""
    seconds = traitlets.Int(0).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def begin(self, minutes: int) -> None:
        """Put the clock to a step's minutes; a running clock runs on from there."""
        with self.hold_sync():
            self.seconds = 60 * minutes
            self.step += 1

"""The hour on a strip: blocks whose boundaries a mentor moves by mouse, finger or keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import traitlets

from ectsim.app.widgets import Widget, module

__all__ = ["HourStrip"]


class _Minutes(traitlets.TraitType[Any, Any]):
    """Minutes that the strip itself checks, whoever sets them."""

    def validate(self, obj: Any, value: Any) -> list[int]:
        return list(obj.checked(value))


class HourStrip(Widget):
    """Blocks that add up to an hour; moving a boundary gives minutes of one part to the next.

    Parameters
    ----------
    parts : sequence of mapping
        ``label``, ``low`` (fewest minutes) and ``core`` (whether it is part of the coaching).
    minutes : sequence of int
        Of each part.
    label, hint : str
        What the strip is, and how it is used.
    on_change : callable
        Takes the new minutes after a boundary was moved on the page, may be async.

    Attributes
    ----------
    minutes : list of int
        The newest valid minutes.
    """

    _esm = module("hour")
    parts: traitlets.List[Any] = traitlets.List().tag(sync=True)
    minutes = _Minutes([]).tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        parts: Sequence[Mapping[str, Any]],
        minutes: Sequence[int],
        *,
        label: str,
        hint: str = "",
        on_change: Callable[[list[int]], Any] | None = None,
    ) -> None:
        self._most = 120
        super().__init__(parts=[dict(p) for p in parts], label=label, hint=hint)
        self.minutes = list(minutes)
        self._on_change = on_change
        self._quiet = False
        self.observe(self._changed, "minutes")

    def checked(self, value: Any) -> list[int]:
        """Return minutes as they are kept, or refuse them: a page can send anything.

        Parameters
        ----------
        value : object
            What was sent.

        Raises
        ------
        traitlets.TraitError
            If they are not whole minutes that the parts can have.
        """
        lows = [int(p["low"]) for p in self.parts]
        if value == []:
            return []
        if not isinstance(value, list | tuple) or len(value) != len(lows):
            raise traitlets.TraitError("not the minutes of all parts")
        for minutes, low in zip(value, lows, strict=True):
            if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes < low:
                raise traitlets.TraitError("not whole minutes that a part can have")
        if sum(value) > self._most:
            raise traitlets.TraitError("longer than the strip")
        return list(value)

    def put(self, minutes: Sequence[int], said: str = "") -> None:
        """Show other minutes, without telling the page that somebody moved them.

        Parameters
        ----------
        minutes : sequence of int
            Of each part.
        said : str
            What a screen reader is told.
        """
        self._quiet = True
        try:
            self.minutes = list(minutes)
            self.said = said
        finally:
            self._quiet = False

    def _changed(self, change: Mapping[str, Any]) -> None:
        if not self._quiet and change["old"]:
            self.call(self._on_change, list(change["new"]))

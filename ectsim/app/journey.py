"""The steps of a page that is walked through in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import traitlets

from ectsim.app.widgets import Widget, module

__all__ = ["Journey"]


class Journey(Widget):
    """A list of steps, each with its state, of which one is shown.

    Parameters
    ----------
    label : str
        What the list is, for a screen reader.
    steps : sequence of (str, str)
        Name and label of each.
    on_go : callable
        Takes the name of the step that was chosen.

    Attributes
    ----------
    current : str
        Name of the step that is shown.
    """

    _esm = module("journey")
    label = traitlets.Unicode().tag(sync=True)
    steps: traitlets.List[Any] = traitlets.List().tag(sync=True)
    current = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, label: str, steps: Sequence[tuple[str, str]], on_go: Callable[[str], Any]
    ) -> None:
        self.names = [name for name, _ in steps]
        super().__init__(
            label=label,
            steps=[{"name": name, "label": text, "state": ""} for name, text in steps],
            current=self.names[0],
        )
        self._on_go = on_go
        self.on_msg(self._heard)

    def _heard(self, _: object, message: Mapping[str, Any], __: object) -> None:
        if message.get("event") == "go" and message.get("step") in self.names:
            self.call(self._on_go, str(message["step"]))

    def mark(self, states: Mapping[str, str]) -> None:
        """Say how each step stands.

        Parameters
        ----------
        states : mapping of str to str
            By name: ``done``, ``changed`` (what it rests on is another now) or "".
        """
        self.steps = [{**step, "state": states.get(step["name"], "")} for step in self.steps]

    def focus(self, name: str) -> None:
        """Put the focus on an element of the page once it is shown.

        Parameters
        ----------
        name : str
            Its id.
        """
        self.send({"focus": name})

"""Questions of a form, made from the metadata of parameters as plain data.

A parameter's metadata is a mapping, as :class:`ectsim.parameters.Certificate` holds it::

    {
        "name": "plan.protected_minutes",
        "ask": "How many minutes are protected each week?",
        "why": "Coaching that has no time of its own goes first when a week is busy.",
        "unit": "minutes",
        "low": 0,
        "high": 90,
        "step": 5,
        "default": 60,
    }

With ``options`` (``[value, label]`` or ``[value, label, hint]``) it becomes a choice, with a
``default`` of True or False a switch, with text a text field, else a number. ``kind`` overrules:
``number``, ``slider``, ``choice``, ``choices``, ``select``, ``switch`` or ``text``. ``hint`` is a
line that always shows; ``why`` unfolds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import traitlets

from ectsim.app.widgets import Problems, Widget, module

__all__ = ["Control", "Form", "control"]

_KINDS = {"number", "slider", "choice", "choices", "select", "switch", "text"}


class _Answer(traitlets.TraitType[Any, Any]):
    """A value that the control itself checks, whoever sets it."""

    def validate(self, obj: Any, value: Any) -> Any:
        return obj.checked(value)


class Control(Widget):
    """One question with a native field; make it with :func:`control`.

    Attributes
    ----------
    value : object
        The newest valid answer.
    error : str
        What is wrong with it, in words; shown at the field.
    origin : str
        Where the number that is filled in comes from; unfolds with the reason.
    """

    _esm = module("control")
    kind = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    ask = traitlets.Unicode().tag(sync=True)
    short = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    why = traitlets.Unicode().tag(sync=True)
    origin = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    low = traitlets.Float(None, allow_none=True).tag(sync=True)
    high = traitlets.Float(None, allow_none=True).tag(sync=True)
    step = traitlets.Float(None, allow_none=True).tag(sync=True)
    options: traitlets.List[Any] = traitlets.List().tag(sync=True)
    value = _Answer(None).tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.refused = ""  # what the field holds and could not be taken
        self.on_msg(self._heard)
        self.observe(lambda _: setattr(self, "refused", ""), "value")

    def _heard(self, _: object, message: Mapping[str, Any], __: object) -> None:
        if message.get("event") == "refused":
            self.refused = str(message.get("text", ""))[:200]

    def checked(self, value: Any) -> Any:
        """Return a value as it is kept, or refuse it.

        A page can send anything; the checks that it makes itself are for people.

        Parameters
        ----------
        value : object
            What was sent.

        Raises
        ------
        traitlets.TraitError
            If it is no answer to this question.
        """
        allowed = [option[0] for option in self.options]
        if self.kind in ("number", "slider"):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise traitlets.TraitError("not a number")
            if not math.isfinite(value):
                raise traitlets.TraitError("not a number")
            if self.low is not None and value < self.low:
                raise traitlets.TraitError("too low")
            if self.high is not None and value > self.high:
                raise traitlets.TraitError("too high")
            return int(value) if _whole(self.step) and value == int(value) else value
        if self.kind in ("choice", "select") and value not in allowed and value != self.value:
            raise traitlets.TraitError("not an option")  # what stands stays, until options come
        if self.kind == "choices":
            return [option for option in allowed if option in (value or [])]
        if self.kind == "switch":
            return bool(value)
        if self.kind == "text":
            return str(value)[:2000]
        return value


def _whole(step: float | None) -> bool:
    return step is not None and step == int(step)


def control(meta: Mapping[str, Any], **overrides: Any) -> Control:
    """Make a question from a parameter's metadata.

    Parameters
    ----------
    meta : mapping
        See the module's docstring; other keys are ignored.
    **overrides
        Replace keys of ``meta``.

    Raises
    ------
    ValueError
        If the kind is unknown.
    """
    words = {**meta, **overrides}
    options = [list(option) for option in words.get("options") or []]
    default = words.get("default")
    kind = words.get("kind") or _kind(options, default)
    if kind not in _KINDS:
        raise ValueError(f"no control of kind {kind!r}")
    step = words.get("step")
    if step is None and kind in ("number", "slider") and isinstance(default, int):
        step = 1
    return Control(
        kind=kind,
        name=str(words["name"]),
        ask=str(words["ask"]),
        short=str(words.get("short") or words["ask"]).rstrip("?"),
        hint=str(words.get("hint") or ""),
        why=str(words.get("why") or ""),
        unit=str(words.get("unit") or ""),
        low=words.get("low"),
        high=words.get("high"),
        step=step,
        options=options,
        value=default,
    )


def _kind(options: list[Any], default: object) -> str:
    if options:
        return "choices" if isinstance(default, list | tuple) else "choice"
    if isinstance(default, bool):
        return "switch"
    return "text" if isinstance(default, str) else "number"


class Form:
    """Several questions that are answered together.

    Parameters
    ----------
    controls : iterable of Control
        The questions, in order.
    on_change : callable
        Takes the form's values after each valid change, may be async. Changes that the program
        makes with :meth:`fill` count once.
    """

    def __init__(
        self,
        controls: Iterable[Control],
        on_change: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        self.controls = {each.name: each for each in controls}
        self.problems = Problems()
        self._on_change = on_change
        self._filling = False
        for each in self.controls.values():
            each.observe(self._changed, "value")

    def __iter__(self) -> Iterator[Control]:
        """Iterate over the questions."""
        return iter(self.controls.values())

    def __getitem__(self, name: str) -> Control:
        """Return the question of a name."""
        return self.controls[name]

    @property
    def values(self) -> dict[str, Any]:
        """The answers by name."""
        return {name: each.value for name, each in self.controls.items()}

    def fill(self, values: Mapping[str, Any]) -> None:
        """Put answers in, for Undo or a scenario code; names without a question are ignored.

        Parameters
        ----------
        values : mapping
            Answers by name.
        """
        before = self.values
        self._filling = True
        try:
            for name, value in values.items():
                if name in self.controls:
                    self.controls[name].value = value
        finally:
            self._filling = False
        if self.values != before:
            self._tell(next(iter(self.controls.values())))

    def blame(self, problems: Iterable[tuple[str, str]]) -> None:
        """Show what is wrong: in the summary, and at each question.

        Parameters
        ----------
        problems : iterable of (str, str)
            Text, and the name of the question it is about (or an empty string).
        """
        found = list(problems)
        by_name = {name: text for text, name in found}
        for name, each in self.controls.items():
            each.error = by_name.get(name, "")
        self.problems.show(found)

    def check(self) -> bool:
        """Show what could not be taken so far; True if there is nothing."""
        self.blame([(each.refused, each.name) for each in self if each.refused])
        return not self.problems.items

    def _changed(self, change: Mapping[str, Any]) -> None:
        owner = change["owner"]
        owner.error = ""
        if not self._filling:
            self._tell(owner)

    def _tell(self, owner: Control) -> None:
        if self.problems.items:
            self.problems.items = []
        owner.call(self._on_change, self.values)

"""Controls in a lesson: a reader moves one, and the cell is computed anew with what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

__all__ = ["moving"]


def moving(
    show: Callable[..., object], controls: Mapping[str, tuple[str, Sequence[object]]]
) -> ipywidgets.Widget:
    """Join labelled controls to a function.

    Parameters
    ----------
    show : callable
        Called with the chosen values, once at the start and after each change.
    controls : mapping of str to (str, sequence)
        For each argument its question, which is the control's name too, and the values to choose
        from, the first chosen at the start. A value may be a pair of a label and a value.
    """
    made: dict[str, Any] = {
        name: ipywidgets.Dropdown(
            options=list(values),
            description=question,
            style={"description_width": "initial"},
            layout={"width": "max-content"},
        )
        for name, (question, values) in controls.items()
    }
    return ipywidgets.interactive(show, **made)

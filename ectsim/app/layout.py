"""Boxes of a page: stacks, cards, rows and two columns that become one on a phone."""

from __future__ import annotations

from typing import Any

import ipywidgets

from ectsim.app.widgets import Fold, Prose, Widget, heading, paragraph

__all__ = [
    "card",
    "columns",
    "fields",
    "fold",
    "grid",
    "halves",
    "hide",
    "mark",
    "page",
    "row",
    "show_only",
    "stack",
]


def _box(children: tuple[Any, ...], *names: str) -> ipywidgets.Box:
    box = ipywidgets.Box(list(children))
    for name in names:
        box.add_class(name)
    return box


def stack(*children: Any, tight: bool = False) -> ipywidgets.Box:
    """Put widgets below one another.

    Parameters
    ----------
    *children : ipywidgets.Widget
        The widgets.
    tight : bool
        With less space between them, for the questions of a form.
    """
    return _box(children, "ect-stack", *(["ect-tight"] if tight else []))


def card(*children: Any, title: str = "", text: str = "") -> ipywidgets.Box:
    """Put widgets on a card.

    Parameters
    ----------
    *children : ipywidgets.Widget
        The widgets.
    title : str
        A heading.
    text : str
        A line below it.
    """
    head = []
    if title:
        blocks = [heading(title), *([paragraph(text, "soft")] if text else [])]
        head.append(Prose(*blocks))
    return _box((*head, *children), "ect-stack", "ect-tight", "ect-card")


def row(*children: Any) -> ipywidgets.Box:
    """Put buttons side by side; they wrap where there is no room."""
    return _box(children, "ect-row")


def columns(left: Any, right: Any) -> ipywidgets.Box:
    """Put questions beside answers; on a phone the answers come below."""
    return _box((left, right), "ect-columns")


def halves(*children: Any) -> ipywidgets.Box:
    """Put cards of equal width side by side; on a phone below one another."""
    return _box(children, "ect-halves")


def fields(*children: Any) -> ipywidgets.Box:
    """Put short questions side by side, as many as there is room for."""
    return _box(children, "ect-fields")


def grid(*children: Any) -> ipywidgets.Box:
    """Put cards side by side, as many as there is room for."""
    return _box(children, "ect-grid")


def fold(text: str, *children: Any) -> ipywidgets.Box:
    """Put widgets into a box that is closed until its button is pressed.

    Parameters
    ----------
    text : str
        What is in the box.
    *children : ipywidgets.Widget
        The widgets.
    """
    inside = _box(children, "ect-stack", "ect-tight", "ect-folded")
    return _box((Fold(text), inside), "ect-stack", "ect-tight", "ect-fold")


def page(title: str, lead: str, *children: Any) -> ipywidgets.Box:
    """Make a page with its only heading of level 1.

    Parameters
    ----------
    title : str
        The heading.
    lead : str
        What the page is for, in a sentence.
    *children : ipywidgets.Widget
        The rest.
    """
    return stack(Prose(heading(title, 1), paragraph(lead, "lead")), *children)


def hide(widget: Widget | ipywidgets.Widget, hidden: bool = True) -> None:
    """Take a widget off the page, or bring it back, without building anything anew.

    Parameters
    ----------
    widget : ipywidgets.Widget
        The widget.
    hidden : bool
        Whether it goes.
    """
    if isinstance(widget, Widget):  # these do not follow a change of their classes
        widget.gone = hidden
    elif hidden:
        widget.add_class("ect-gone")
    else:
        widget.remove_class("ect-gone")


def mark(widget: Any, name: str) -> Any:
    """Give a widget a class of the style sheet, such as ``ect-noprint``, and return it.

    Parameters
    ----------
    widget : ipywidgets.Widget
        A box, or a widget that is put into one.
    name : str
        The class.
    """
    if isinstance(widget, Widget):  # these do not follow a change of their classes
        widget = _box((widget,), "ect-stack", "ect-tight")
    widget.add_class(name)
    return widget


def show_only(shown: Any, among: list[Any]) -> None:
    """Show one of several boxes, as a path of questions does.

    Parameters
    ----------
    shown : ipywidgets.Widget
        The one to show.
    among : list of ipywidgets.Widget
        All of them.
    """
    for each in among:
        hide(each, each is not shown)

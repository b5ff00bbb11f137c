"""The few widgets that a page is made of, each with a native element inside.

Whatever they show enters the page as text, never as markup, so that a name in somebody's
timetable cannot do anything. They work in Voila and in JupyterLab.

Specification of a chart (plain data; the service makes it, :class:`Chart` shows it)::

    {
        "title": "Where did they go?",
        "sentence": "Of 190 cycles that were due, 118 happened and 30 were lost to cover.",
        "description": "...",  # optional: what a listener should know beyond the sentence
        "metric": {"name": "completion_full", "lo": 0.55, "hi": 0.69, "n": 200},  # optional
        "kind": "bars",
        "data": {...},  # by kind, below
        "table": {"columns": ["Where", "Cycles"], "rows": [["Happened in full", 118], ...]},
    }

``bars``
    ``{"unit": "cycles", "high": 190, "bars": [{"label": "Happened", "value": 118, "note":
    "62 of 100", "tone": "accent"}, ...]}``; ``high``, ``note`` and ``tone`` are optional.
``dots``
    One dot for each of 50 equally likely outcomes. ``{"unit": "%", "low": 0, "high": 100,
    "x_label": "...", "target": {"value": 80, "label": "the target, 80 %"}, "groups": [{"label":
    "Plan A", "values": [50 numbers]}]}``; ``x_label`` and ``target`` are optional. Dots below the
    target are hollow.
``strip``
    Weeks in rows. ``{"weeks": ["1", "2", ...], "rows": [{"label": "Plan A", "cells": ["done",
    "lost", ...]}], "states": {"done": {"label": "happened", "tone": "accent", "mark": "tick"},
    ...}, "differ": [8, 30], "selectable": True}``; a cell of another state is empty. ``differ``
    and ``selectable`` are optional.
``lines``
    ``{"unit": "%", "x": [...], "x_label": "...", "low": 0, "high": 100, "series": [{"label":
    "Plan A", "values": [...], "lo": [...], "hi": [...]}]}``; at most three series. A series with
    ``points`` (``dot`` or ``cross``) is drawn as points; None leaves a gap.
``stacks``
    Parts that follow one another. ``{"unit": "min", "high": 45, "keys": [{"label": "Praise",
    "tone": "accent"}, ...], "rows": [{"label": "As planned", "values": [3, ...]}], "mark":
    {"value": 45, "label": "the bell"}}``; ``mark`` is optional, and so is a key's ``number``, by
    which the parts are told apart.

``origin`` of any chart says where its numbers come from; it unfolds with the table. ``banner`` of any chart stands on the page, in its picture and in its table: what a plan gives up.

Tones are ``accent``, ``muted``, ``warn``, ``track`` and ``empty``; marks are ``tick``, ``cross``,
``dash``, ``dot`` and ``slash``. No meaning may hang on the tone alone: bars have labels, states
have marks.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from ectsim.app.client import explain
from ectsim.wire import UPLOAD_LIMIT

__all__ = [
    "Address",
    "Announcer",
    "Button",
    "Chart",
    "Codes",
    "Download",
    "Figures",
    "Fold",
    "Problems",
    "Prose",
    "Tiles",
    "Upload",
    "Widget",
    "heading",
    "module",
    "on_trouble",
    "paragraph",
]

_HERE = Path(__file__).resolve().parent
_COMMON = (_HERE / "static/common.js").read_text(encoding="utf-8")

_log = logging.getLogger(__name__)


def module(name: str) -> str:
    """Return the source of a front-end module, with the helpers that all of them share.

    Parameters
    ----------
    name : str
        File name in ``ectsim/app/static`` without its ending.
    """
    return _COMMON + (_HERE / f"static/{name}.js").read_text(encoding="utf-8")


def _style() -> str:
    # Under Voila the template links the style sheet; elsewhere each kind of widget brings it.
    if "VOILA_BASE_URL" in os.environ:
        return ""
    place = _HERE / "jupyter/voila/templates/ectsim/static/ectsim.css"
    return place.read_text(encoding="utf-8")


_STYLE = _style()
_trouble: Callable[[Exception], None] | None = None


def on_trouble(callback: Callable[[Exception], None]) -> None:
    """Say what happens when a callback of a page fails, instead of a traceback on the page.

    Parameters
    ----------
    callback : callable
        Takes the exception; a page shows ``explain(error)`` in its announcer.
    """
    global _trouble
    _trouble = callback


class Widget(anywidget.AnyWidget):
    """Base of all: style, and callbacks that cannot put a traceback on the page."""

    _css = _STYLE
    gone = traitlets.Bool(False).tag(sync=True)
    _running: ClassVar[set[asyncio.Task[None]]] = set()

    def call(self, callback: Callable[..., Any] | None, *args: Any) -> None:
        """Call a page's callback, plain or async.

        Parameters
        ----------
        callback : callable or None
            What to call.
        *args
            Its arguments.
        """
        if callback is None:
            return
        try:
            result = callback(*args)
        except Exception as error:
            self.failed(error)
            return
        if inspect.isawaitable(result):
            task = asyncio.ensure_future(self._await(result))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _await(self, result: Awaitable[Any]) -> None:
        try:
            await result
        except Exception as error:
            self.failed(error)

    @staticmethod
    def failed(error: Exception) -> None:
        """Log an exception and tell the page."""
        _log.error("a callback of the page failed", exc_info=error)
        if _trouble is not None:
            _trouble(error)


def heading(text: str, level: int = 2, *, name: str = "") -> dict[str, Any]:
    """Make a heading for :class:`Prose`.

    Parameters
    ----------
    text : str
        Its text.
    level : int
        1 to 3; a page has one of level 1.
    name : str, optional
        An id, so that the focus can be put on it.
    """
    return {"tag": f"h{level}", "text": text, "id": name or None}


def paragraph(
    text: str, style: str = "", *, metric: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Make a paragraph for :class:`Prose`.

    Parameters
    ----------
    text : str
        Its text.
    style : str
        Empty, ``lead``, ``answer``, ``soft``, ``strong`` or ``caution``.
    metric : mapping, optional
        ``name``, ``lo``, ``hi`` and ``n`` of a number that the text tells.
    """
    return {"tag": "p", "text": text, "style": style, "metric": dict(metric or {})}


class Prose(Widget):
    """Headings, paragraphs and lists as text.

    Parameters
    ----------
    blocks : list of dict
        From :func:`heading` and :func:`paragraph`, or ``{"tag": "ul", "items": [...]}``.
    """

    _esm = module("prose")
    blocks: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, *blocks: Mapping[str, Any]) -> None:
        super().__init__(blocks=[dict(block) for block in blocks])


class Button(Widget):
    """A button.

    Parameters
    ----------
    text : str
        What it does, as a verb.
    callback : callable
        Called without arguments, may be async.
    style_name : str
        Empty, ``first`` (one on a page) or ``small``.
    """

    _esm = module("button")
    text = traitlets.Unicode().tag(sync=True)
    style_name = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, text: str, callback: Callable[[], Any] | None = None, *, style_name: str = ""
    ) -> None:
        super().__init__(text=text, style_name=style_name)
        self.callback = callback
        self.on_msg(self._heard)

    def _heard(self, _: object, message: Mapping[str, Any], __: object) -> None:
        if message.get("event") == "click" and not self.disabled:
            self.call(self.callback)


class Announcer(Widget):
    """Says how a calculation goes: aloud for a screen reader, with a bar, with a Stop button.

    Parameters
    ----------
    text : str
        What to say first.
    on_stop : callable
        Called when Stop is pressed, may be async.
    """

    _esm = module("status")
    text = traitlets.Unicode().tag(sync=True)
    tone = traitlets.Unicode("calm").tag(sync=True)
    done = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    stoppable = traitlets.Bool(False).tag(sync=True)

    def __init__(self, text: str = "", *, on_stop: Callable[[], Any] | None = None) -> None:
        super().__init__(text=text)
        self.on_stop = on_stop
        self.on_msg(self._heard)

    def _heard(self, _: object, message: Mapping[str, Any], __: object) -> None:
        if message.get("event") == "stop":
            self.call(self.on_stop)
        elif message.get("event") == "pulse":
            self.send({"pulse": True})

    def say(self, text: str, *, tone: str = "calm") -> None:
        """Say something that is over and done.

        Parameters
        ----------
        text : str
            A sentence.
        tone : str
            ``calm`` or ``wrong``.
        """
        with self.hold_sync():
            self.text, self.tone = text, tone
            self.done = self.total = 0
            self.stoppable = False

    def progress(self, done: int, total: int, left: float | None, what: str = "years") -> None:
        """Say how far a calculation is.

        Parameters
        ----------
        done, total : int
            Replications, for example.
        left : float or None
            Seconds that the rest will take.
        what : str
            What is counted.
        """
        rest = "" if left is None else f", {_duration(left)} left"
        with self.hold_sync():
            self.text = f"{done} of {total} {what} done{rest}"
            self.tone = "calm"
            self.done, self.total = done, total
            self.stoppable = True

    def searching(self, done: int, total: int, left: float | None, what: str) -> None:
        """Say how far a search is; it may end before all is tried.

        Parameters
        ----------
        done, total : int
            In units of the search.
        left : float or None
            Seconds that the rest will take at most.
        what : str
            What is done, such as "Looking for what is enough".
        """
        rest = "" if left is None or not done else f", at most {_duration(left)} left"
        with self.hold_sync():
            self.text = f"{what}: {100 * done // max(1, total)} % tried{rest}"
            self.tone = "calm"
            self.done, self.total = done, total
            self.stoppable = True

    def trouble(self, error: Exception) -> None:
        """Say what went wrong and what to do."""
        self.say(explain(error), tone="wrong")


def _duration(seconds: float) -> str:
    if seconds < 1.5:
        return "about a second"
    if seconds < 90:
        return f"about {round(seconds)} seconds"
    return f"about {round(seconds / 60)} minutes"


class Problems(Widget):
    """The error summary at the top of a page; it takes the focus when it appears."""

    _esm = module("problems")
    items: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def show(self, problems: Sequence[tuple[str, str]]) -> None:
        """Show problems, or none.

        Parameters
        ----------
        problems : sequence of (str, str)
            Text, and the name of the control it is about (or an empty string).
        """
        self.items = []  # the same problem, shown again, takes the focus again
        self.items = [{"text": text, "target": target} for text, target in problems]


class Chart(Widget):
    """A chart with its sentence, its table and buttons to save them.

    Parameters
    ----------
    spec : mapping, optional
        See the module's docstring; nothing is shown while it is empty.
    on_select : callable
        Of a strip: takes the index of the week that was chosen.
    """

    _esm = module("chart")
    spec = traitlets.Dict().tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        spec: Mapping[str, Any] | None = None,
        *,
        on_select: Callable[[int], Any] | None = None,
    ) -> None:
        super().__init__(spec=dict(spec or {}))
        if on_select is not None:
            self.observe(lambda change: self.call(on_select, change["new"]), "selected")


class Tiles(Widget):
    """A few numbers that matter most, side by side.

    Attributes
    ----------
    tiles : list of dict
        ``number`` and ``of`` ("82", "of 100"), ``what`` it counts, ``note``, ``before``
        (a second line), ``origin`` (where it comes from, one click away) and ``metric`` with
        ``name``, ``value``, ``lo``, ``hi`` and ``n``.
    """

    _esm = module("tiles")
    tiles: traitlets.List[Any] = traitlets.List().tag(sync=True)


class Figures(Widget):
    """A table.

    Attributes
    ----------
    caption : str
        What it shows.
    columns : list of str
        Heads.
    rows : list of list
        Texts, or dicts with ``text``, ``number`` (set to the right) and ``metric``; nothing is
        shown while there is none.
    """

    _esm = module("figures")
    caption = traitlets.Unicode().tag(sync=True)
    columns: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def show(self, caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Show a table in one go."""
        with self.hold_sync():
            self.caption, self.columns = caption, list(columns)
            self.rows = [list(row) for row in rows]


class Fold(Widget):
    """A button that opens and closes the box that follows it; see :func:`ectsim.app.layout.fold`.

    Parameters
    ----------
    text : str
        What is in the box.
    """

    _esm = module("fold")
    text = traitlets.Unicode().tag(sync=True)

    def __init__(self, text: str) -> None:
        super().__init__(text=text)

    def unfold(self, is_open: bool = True) -> None:
        """Open the box, or close it."""
        self.send({"open": is_open})


class Codes(Widget):
    """A select for each code of a timetable that nobody explained yet.

    Parameters
    ----------
    kinds : sequence of (str, str)
        What a code may stand for, and how that is called; the first stands for no answer.
    caption : str
        What the table shows.
    """

    _esm = module("codes")
    caption = traitlets.Unicode().tag(sync=True)
    kinds: traitlets.List[Any] = traitlets.List().tag(sync=True)
    codes: traitlets.List[Any] = traitlets.List().tag(sync=True)
    answers: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, kinds: Sequence[tuple[str, str]], caption: str) -> None:
        super().__init__(kinds=[list(kind) for kind in kinds], caption=caption)

    @property
    def chosen(self) -> dict[str, str]:
        """The answers that can be: code to kind."""
        allowed = {kind for kind, _ in self.kinds if kind}
        return {str(code): kind for code, kind in self.answers.items() if kind in allowed}


class Download(Widget):
    """A button that makes a file when it is pressed, and saves it.

    Parameters
    ----------
    text : str
        What it does.
    make : callable
        Returns (or is awaited for) file name, media type and bytes.
    style_name : str
        Empty or ``first``.
    """

    _esm = module("download")
    text = traitlets.Unicode().tag(sync=True)
    style_name = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        text: str,
        make: Callable[[], Any],
        *,
        style_name: str = "",
    ) -> None:
        super().__init__(text=text, style_name=style_name)
        self._make = make
        self.on_msg(self._heard)

    def _heard(self, _: object, message: Mapping[str, Any], __: object) -> None:
        if message.get("event") == "ask":
            self.call(self._answer)

    async def _answer(self) -> None:
        try:
            made = self._make()
            if inspect.isawaitable(made):
                made = await made
            name, kind, content = made
        except Exception as error:
            self.send({"problem": explain(error)})
            _log.error("a download failed", exc_info=error)
        else:
            self.send({"name": name, "type": kind}, [content])


class Upload(Widget):
    """Takes a file; what is too large is said before anything is sent.

    Parameters
    ----------
    name : str
        Name of the question, for links from the error summary.
    ask : str
        The question.
    on_file : callable
        Takes the file's name and its bytes, may be async.
    endings : sequence of str
        Such as ``[".csv", ".xlsx"]``; empty: any.
    why : str
        Why it is asked.
    limit : int
        Bytes.
    """

    _esm = module("upload")
    name = traitlets.Unicode().tag(sync=True)
    ask = traitlets.Unicode().tag(sync=True)
    why = traitlets.Unicode().tag(sync=True)
    endings = traitlets.List(traitlets.Unicode()).tag(sync=True)
    limit = traitlets.Int().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        name: str,
        ask: str,
        on_file: Callable[[str, bytes], Any],
        *,
        endings: Sequence[str] = (),
        why: str = "",
        limit: int = UPLOAD_LIMIT,
    ) -> None:
        super().__init__(name=name, ask=ask, why=why, endings=list(endings), limit=limit)
        self._on_file = on_file
        self._number = 0
        self._name = ""
        self._pieces: list[bytes] = []
        self.on_msg(self._heard)

    def _heard(self, _: object, message: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        event = message.get("event")
        if event == "begin":
            self._number = message.get("number", 0)
            self._name = _plain_name(message.get("name", ""))
            self._pieces = []
            self.error = ""
        elif message.get("number") != self._number:
            return
        elif event == "piece":
            self._pieces += map(bytes, buffers)
            if sum(map(len, self._pieces)) > self.limit:  # the browser's check can be got around
                self._pieces, self._number = [], -1
                most = (
                    f"{self.limit / 1e6:.0f} MB"
                    if self.limit >= 1e6
                    else f"{self.limit // 1000} kB"
                )
                self.error = f"The file is larger than {most}. Choose a smaller file."
        elif event == "end":
            content, self._pieces = b"".join(self._pieces), []
            self._number = -1
            self.call(self._on_file, self._name, content)


def _plain_name(name: object) -> str:
    """Keep the last part of a file's name, without what cannot be printed."""
    text = str(name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    return kept[:120] or "file"


class Address(Widget):
    """The part of the page's address after ``?``, for a scenario code that can be shared.

    Parameters
    ----------
    on_arrival : callable
        Takes the query as a dict when the page is open. A page that was made ahead of its
        visitor writes nothing into ``query`` before.
    """

    _esm = module("address")
    query = traitlets.Dict().tag(sync=True)

    def __init__(self, on_arrival: Callable[[dict[str, str]], Any] | None = None) -> None:
        super().__init__()
        self._on_arrival = on_arrival
        self.on_msg(self._heard)

    def _heard(self, _: object, message: Mapping[str, Any], __: object) -> None:
        if message.get("event") == "arrived":
            found = message.get("query")
            query = found if isinstance(found, dict) else {}
            self.call(self._on_arrival, {str(k): str(v)[:4000] for k, v in query.items()})

"""What most dashboards are: questions on one side, an answer that follows them on the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

from ectsim.app.client import Client, Latest, Message, ServiceError
from ectsim.app.controls import Form, control
from ectsim.app.layout import card, columns, page, row, stack
from ectsim.app.widgets import Announcer, Button, on_trouble
from ectsim.errors import InputError

__all__ = ["Board"]


class Board:
    """A page whose answer follows its questions.

    After each change the newest request goes to the service and older ones are cancelled; the
    announcer says how far it is; Stop keeps what stands; Undo goes back one change. What was
    shown last stays when something fails.

    Parameters
    ----------
    title, lead : str
        Heading, and what the page is for.
    kind : str
        The request kind.
    questions : sequence of mapping
        Metadata of the controls, see :mod:`ectsim.app.controls`.
    results : sequence of ipywidgets.Widget
        What shows the answer; made once, changed by ``show``.
    show : callable
        Takes each :class:`ectsim.app.client.Message`.
    request : callable, optional
        Turns the form's values into the request's data; by default they are the data.
    what : str
        What the progress counts.
    client : Client, optional
        By default the service that the dashboard command started.
    """

    def __init__(
        self,
        title: str,
        lead: str,
        *,
        kind: str,
        questions: Sequence[Mapping[str, Any]],
        results: Sequence[Any],
        show: Callable[[Message], None],
        request: Callable[[dict[str, Any]], Mapping[str, object]] = lambda values: values,
        what: str = "years",
        client: Client | None = None,
    ) -> None:
        self.announcer = Announcer("Ready.", on_stop=self.stop)
        on_trouble(self.announcer.trouble)
        self._kind = kind
        self._show_result = show
        self._request = request
        self._what = what
        self._latest: Latest | None = None
        self._failure: Exception | None = None
        try:
            self.client = client or Client.from_environment()
        except ServiceError as error:
            self._failure = error
            self.announcer.trouble(error)
        else:
            self._latest = Latest(self.client, self._show, self._fail)
        self.form = Form([control(each) for each in questions], self._changed)
        self._current = self.form.values
        self._past: list[dict[str, Any]] = []
        self.undo_button = Button("Undo the last change", self.undo, style_name="small")
        self.undo_button.disabled = True
        left = card(*self.form, row(self.undo_button), title="Your plan")
        right = stack(self.announcer, *results)
        self.box: ipywidgets.Box = page(title, lead, self.form.problems, columns(left, right))

    def start(self) -> ipywidgets.Box:
        """Ask for the answer to the defaults, and return the page's box."""
        self._ask(self._current)
        return self.box

    def stop(self) -> None:
        """Cancel what is running; what stands so far stays."""
        if self._latest is not None and self._latest.running:
            self._latest.stop()
            done, total = self.announcer.done, self.announcer.total
            self.announcer.say(
                f"Stopped after {done} of {total} {self._what}. What you see is based on those."
                if done
                else "Stopped before the first numbers came."
            )

    def undo(self) -> None:
        """Go back one change."""
        if self._past:
            before = self._past.pop()
            self._current = before
            self.undo_button.disabled = not self._past
            self.form.fill(before)

    def _changed(self, values: dict[str, Any]) -> None:
        if values != self._current:
            self._past.append(self._current)
            self._current = values
            self.undo_button.disabled = False
        self._ask(values)

    def _ask(self, values: dict[str, Any]) -> None:
        if self._latest is not None:
            self._latest.start(self._kind, self._request(values))

    def _show(self, message: Message) -> None:
        self._show_result(message)
        if message.final:
            self.announcer.say("Done.")
        else:
            self.announcer.progress(message.done, message.total, message.left, self._what)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, InputError):
            name = error.where if error.where in self.form.values else ""
            self.form.blame([(str(error) if not name else _sentence(error), name)])
            self.announcer.say("Change the marked answer to go on.", tone="wrong")
        else:
            self.announcer.trouble(error)


def _sentence(error: InputError) -> str:
    """Put an error into words for the question that it stands at: its place is clear."""
    return f"{error.what}: {error.remedy}" if error.remedy else error.what

"""The coordinator's dashboard: how many coaching cycles will survive the year, and why."""

from __future__ import annotations

import asyncio

import ipywidgets

from ectsim.app.client import Client, ServiceError
from ectsim.app.layout import page as layout_page
from ectsim.app.widgets import Announcer, on_trouble

__all__ = ["page"]


def page() -> ipywidgets.Box:
    """Build the page.

    Returns
    -------
    ipywidgets.Box
        To be shown by the last line of a notebook's cell.
    """
    announcer = Announcer("Looking for the part that calculates…")
    on_trouble(announcer.trouble)

    async def greet() -> None:
        try:
            answer = await Client.from_environment().ask("about")
        except ServiceError as error:
            announcer.trouble(error)
        else:
            announcer.say(f"Ready. Version {answer.data['version']} calculates on this computer.")

    task = asyncio.ensure_future(greet())
    box = layout_page(
        "Plan coaching that survives the year",
        "See, before the timetable is frozen, how many coaching cycles will happen and where "
        "the others go.",
        announcer,
    )
    box.task = task  # the loop holds tasks weakly
    return box

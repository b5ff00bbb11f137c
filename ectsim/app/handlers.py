"""What the dashboards may ask of the simulation service.

Import this module in the service only, never in a kernel: handlers load the model.
"""

from __future__ import annotations

from typing import Any

from ectsim import __version__
from ectsim.service import Handlers, Reply

__all__ = ["handlers"]

handlers = Handlers()
"""The registry that ``ectsim dashboard`` gives to the service."""


@handlers.add("about")
def about(data: dict[str, Any], body: bytes) -> Reply:
    """Say which version computes; a page asks this first, to know that somebody is there.

    Parameters
    ----------
    data : dict
        Not used.
    body : bytes
        Not used.
    """
    return Reply({"version": __version__})

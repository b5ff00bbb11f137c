"""What the pages hold by name: their questions, uploads, headings and buttons.

The register asks here whether a control or a display that a fact names is really on a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ectsim.app.controls import Control
from ectsim.app.widgets import Button, Download, Fold, Prose, Upload

__all__ = ["PAGES", "parts", "slug"]

PAGES = ("coordinator", "launch", "mentor", "partner")


def slug(text: str) -> str:
    """Return a text as a name: small letters and digits, hyphens between.

    Parameters
    ----------
    text : str
        A heading, for example.
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


@lru_cache
def parts(page: str) -> frozenset[str]:
    """Build a page, without a service, and return the names of what is on it.

    Parameters
    ----------
    page : str
        One of :data:`PAGES`.

    Returns
    -------
    frozenset of str
        Names of questions and uploads as they are; headings, buttons and folds by :func:`slug`; of the
        launch session also ``script-ID``, ``tradeoff-ID`` and the titles of its steps.
    """
    from ectsim import launch  # noqa: PLC0415 - standard library only, but its data are read
    from ectsim.app.pages import coordinator, mentor, partner  # noqa: PLC0415 - pages are built here alone
    from ectsim.app.pages import launch as launch_page  # noqa: PLC0415

    build: dict[str, Any] = {
        "coordinator": coordinator.Coordinator,
        "launch": launch_page.Launch,
        "mentor": mentor.Mentor,
        "partner": partner.Partner,
    }
    found = set(_names(build[page]().box))
    if page == "launch":
        found |= {f"tradeoff-{name}" for name in launch.tradeoffs()}
        for script in launch.scripts().values():
            found |= {f"script-{script.id}", *(slug(step.title) for step in script.steps)}
    return frozenset(found) - {""}  # a heading that is still empty has no name


def _names(box: Any) -> Iterator[str]:
    if isinstance(box, Control | Upload):
        yield box.name
    elif isinstance(box, Button | Download | Fold):
        yield slug(box.text)
    elif isinstance(box, Prose):
        yield from (slug(b["text"]) for b in box.blocks if re.fullmatch(r"h\d", str(b.get("tag"))))
    for child in getattr(box, "children", ()):
        yield from _names(child)

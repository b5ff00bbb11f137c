"""The delivery partner's mask: a disallowed option is refused with who decides and what is nearest."""

from __future__ import annotations

import pytest

from ectsim.errors import InputError
from ectsim.scenario import load

USES = {
    "lesson_release": ("plan.meeting", "fixed"),
    "video_visit": ("plan.video", True),
    "split_meeting": ("plan.recovery", "split"),
    "pastoral_colleague": ("plan.pastoral_by_other", True),
}


@pytest.mark.parametrize("option", USES)
def test_a_disallowed_option_is_refused(option: str) -> None:
    free = load("default").with_changes({"plan.meeting": "found"})
    masked = free.with_changes({"programme.partner.disallowed": option})
    name, value = USES[option]
    free.with_changes({name: value})
    with pytest.raises(InputError, match=f"{option}.*ECF lead"):
        masked.with_changes({name: value})


def test_the_nearest_allowed_option_is_named() -> None:
    base = load("default").with_changes({"plan.meeting": "fixed"})
    masked = base.with_changes({"programme.partner.disallowed": "other_time"})
    with pytest.raises(InputError, match="lesson_release"):
        masked.with_changes({"plan.meeting": "found"})


def test_a_mask_of_unknown_or_tight_parts_is_refused() -> None:
    for name in ("viedo_visit", "model"):
        with pytest.raises(InputError, match="no loose option"):
            load("default").with_changes({"programme.partner.disallowed": name})

"""Years with planted absence: who is away when is written down, everything else is the model's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from ectsim.model import year as year_module
from ectsim.model.diary import AWAY_SICK, Diary
from ectsim.model.frame import frame_of
from ectsim.model.year import Year, live
from ectsim.scenario import Scenario


def live_with(
    patch: pytest.MonkeyPatch,
    scenario: Scenario,
    away: Mapping[tuple[str, int], int],
    *,
    replication: int = 0,
    spells: bool = False,
) -> Year:
    """Live a year in which exactly these (person, pupil day) are away and no supply is found.

    Each sick day is the first of a spell, unless ``spells`` says that days in a row are one.
    """

    def planted(frame: object, luck: object) -> Diary:
        f = frame_of(scenario)
        shape = (len(f.staff), f.days)
        codes, spell = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.int16)
        for (who, day), code in sorted(away.items()):
            codes[f.position[who], day] = code
            before = spell[f.position[who], day - 1] if spells and day else 0
            spell[f.position[who], day] = before + 1 if code == AWAY_SICK else 0
        return Diary(codes, spell, np.ones(shape))

    with patch.context() as p:
        p.setattr(year_module, "write_diary", planted)
        return live(scenario, 1, replication)

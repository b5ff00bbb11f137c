"""Telling a scenario: one pair's year in sentences, and what another plan made of the same year.

The scenarios that carry a story of their own (``doug``, ``mandy``, ``abdi``, ``sian_arif``) say which
pair and which simulated year to tell, what to look for, and which other plan to hold against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ectsim import story
from ectsim.errors import InputError
from ectsim.scenario import Scenario

__all__ = ["lines", "tell"]


def tell(
    base: Scenario,
    other: Scenario | None = None,
    *,
    pair: str | None = None,
    seed: int = 1,
    year: int | None = None,
) -> dict[str, Any]:
    """Tell one pair's year.

    Parameters
    ----------
    base : Scenario
        What is told.
    other : Scenario, optional
        Another plan for the same year; then what differs is told. A story that ships brings one of
        its own, told after its year.
    pair : str, optional
        The pair's id; by default the story's, else the school's first.
    seed : int
        The run's seed.
    year : int, optional
        Which simulated year, 1 is the first; by default the story's, else the first.

    Returns
    -------
    dict
        ``scenario``, ``code``, ``pair``, ``seed``, ``year``, ``sentences``, ``banner`` and for a story
        that ships ``title``, ``opening``, ``look_at``, ``otherwise`` (sentences) and ``changes``.

    Raises
    ------
    InputError
        If the school has no pairs, or none of that id.
    """
    if not base.school.pairs:
        raise InputError("the school has no pairs", remedy="import it with a roster")
    ours = base.story if other is None else None
    default = ours.pair if ours else base.school.pairs[0].id
    the_pair = base.school.pair(pair or default).id
    the_year = year or (ours.year if ours else 1)
    if other is not None:
        other.school.pair(the_pair)
    data: dict[str, Any] = {
        "scenario": base.name,
        "code": base.code(seed),
        "pair": the_pair,
        "seed": seed,
        "year": the_year,
        "sentences": _sentences(base, other, the_pair, seed, the_year),
        "banner": " ".join(dict.fromkeys(s.banner for s in (base, other) if s and s.banner)),
    }
    if ours is None:
        return data
    told = ours.told
    data["sentences"] = [told(s) for s in data["sentences"]]
    data |= {"title": ours.title, "opening": ours.opening, "look_at": list(ours.look_at)}
    if ours.versus:
        otherwise = base.with_changes(ours.versus)
        data["changes"] = dict(ours.versus)
        data["otherwise"] = [told(s) for s in _sentences(base, otherwise, the_pair, seed, the_year)]
    return data


def _sentences(
    base: Scenario, other: Scenario | None, pair: str, seed: int, year: int
) -> list[str]:
    from ectsim.model.year import live_years  # noqa: PLC0415 - numpy, only where it is needed

    lived = live_years(base, seed, year - 1)
    out: list[str] = []
    if other is None:
        for one in lived:
            out += story.pair_story(one.log, one.frame.scenario, pair)
        return out
    for one, two in zip(lived, live_years(other, seed, year - 1), strict=False):
        first, second = one.frame.scenario, two.frame.scenario
        out += story.versus(one.log, two.log, first, second, pair)
    return out


def lines(told: Mapping[str, Any]) -> list[str]:
    """Return what :func:`tell` gives as lines for a terminal."""
    out: list[str] = [f"! {told['banner']}"] if told["banner"] else []
    if "title" in told:
        out += [told["title"], "", told["opening"], ""]
        out += [f"Look for: {line}" for line in told["look_at"]]
        out += [""]
    out += told["sentences"]
    if "otherwise" in told:
        changed = ", ".join(f"{k} = {v}" for k, v in told["changes"].items())
        out += ["", f"The same year otherwise ({changed}):", *told["otherwise"]]
    return out

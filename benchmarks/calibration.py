"""How often a school's and a partner's learnt rates and year's ends cover the truth.

Every simulated year (or group of schools) is taken for the truth in turn and forecast from all others,
so that a few minutes of simulation give hundreds of tests. Figures of a run are kept in
docs/studies/calibration.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ectsim.calibrate import PRIORS, YEARS_A_DRAW, Log, Particles, forecast, particles
from ectsim.experiment import local_pool
from ectsim.experiments.compare import wilson
from ectsim.experiments.partners import coverage, groups
from ectsim.scenario import load

WEEKS = (4, 13, 26)


def share(hits: int, n: int) -> str:
    lo, hi = wilson(hits, n)
    return f"{100 * hits / n:5.1f} % ({100 * lo:.1f} to {100 * hi:.1f})"


def single(found: Particles) -> None:
    """Take every simulated year for the truth; years that share its rates are left out."""
    n = len(found.counts)
    draw = np.arange(n) // YEARS_A_DRAW
    print(
        "weeks  year's end, 95 %          width (points)  a rate, 90 %            narrower than half its range"
    )
    for weeks in WEEKS:
        ends = rates = tight = 0
        widths = []
        by_rate = np.zeros(len(PRIORS))
        for i in range(n):
            others = draw != draw[i]
            rest = replace(found, rates=found.rates[others], counts=found.counts[others])
            counts = found.counts[i]
            log = Log({w: (int(a), int(b), int(c)) for w, (a, b, c) in enumerate(counts.T[:weeks])})
            told = forecast(found.scenario, log, changes=False, found=rest)
            truth, step = counts[2].sum() / counts[0].sum(), 0.5 / told.due
            ends += told.lo - step <= truth <= told.hi + step
            widths.append(told.hi - told.lo)
            for j, r in enumerate(told.rates):
                held = r.lo <= found.rates[i, j] <= r.hi
                rates += held
                by_rate[j] += held
                tight += r.hi - r.lo < 0.5 * (r.high - r.low)
        print(
            f"{weeks:5}  {share(ends, n):24}  {100 * np.mean(widths):13.1f}   {share(rates, n * len(PRIORS)):24}{tight / (n * len(PRIORS)):6.1%}"
        )
        print(
            "       "
            + ", ".join(
                f"{name.partition('.')[2]} {b / n:.0%}"
                for name, b in zip(PRIORS, by_rate, strict=True)
            ),
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=600)
    parser.add_argument("--groups", type=int, default=300)
    parser.add_argument("--schools", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args(arguments)
    default = load("default")
    with local_pool(asked.workers) as pool:
        if asked.years:
            print(f"One school, pairs find time, {asked.years} years", flush=True)
            single(particles(default, years=asked.years, executor=pool))
        found = groups([default] * asked.schools, count=asked.groups, executor=pool)
    print(f"\n{asked.schools} schools of one partner, {asked.groups} groups")
    print(
        "weeks  all schools, 95 %         width   one school, 95 %          width   how far alike, 90 %      average rates, 90 %"
    )
    for c in coverage(found, after=WEEKS, most=asked.groups):
        print(
            f"{c.weeks:5}  {share(c.covered, c.groups):24}  {100 * c.width:4.1f}   {share(c.schools_covered, c.schools):24}  {100 * c.schools_width:4.1f}   "
            f"{share(c.alike_covered, c.groups):24} {c.rates_covered:.1%}",
            flush=True,
        )


if __name__ == "__main__":
    main()

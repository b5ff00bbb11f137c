"""Do comparisons say what they should? Verdicts, power, pairing and coverage on simulated years.

Years are simulated once and kept in a folder (``--keep``); experiments are made by drawing years from
them, which is what makes thousands of experiments affordable. Figures of a run are kept in
docs/studies/comparison.md. Some seven minutes of one core for the years, one for the experiments.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from ectsim.analysis import estimate, paired, verdict
from ectsim.experiment import local_pool, replicate
from ectsim.experiments.compare import against, beats, needed, unpaired, wilson
from ectsim.luck import stable_seed
from ectsim.metrics import METRICS
from ectsim.scenario import Scenario, load

METRIC = "completion_any"
EXPERIMENTS = 1_000
PAIRED = 40

Array = NDArray[np.float64]


def arms() -> dict[str, tuple[Scenario, int]]:
    """Return the plans that are simulated, each with its number of years."""
    default = load("default")
    plans = {
        "default": (default, 2400),
        "check-ins": (default.with_changes({"plan.checkin_min": 30}), 600),
        "later": (default.with_changes({"plan.horizon": 2}), 600),
        "no edges": (default.with_changes({"plan.before_after": False}), 600),
        "slips less": (default.with_changes({"conditions.slip_found": 0.117}), 600),
        "timetabled": (default.with_changes({"plan.preset": "timetabled"}), 600),
    }
    for name, first, second in preset_pairs():
        plans[f"{name} A"], plans[f"{name} B"] = (first, PAIRED), (second, PAIRED)
    return plans


def preset_pairs() -> list[tuple[str, Scenario, Scenario]]:
    """Return ten pairs of plans as the presets have them: a story's two plans, or found and timetabled."""
    out = []
    for name, changes in (
        ("abdi", {"plan.preset": "found_time"}),
        ("doug", {"plan.before_after": False}),
        ("mandy", {"plan.preset": "found_time"}),
        ("primary", {"plan.preset": "timetabled"}),
        ("primary_shared", {"plan.preset": "timetabled"}),
        ("sian_arif", {"plan.preset": "found_time"}),
        ("default", {"plan.preset": "timetabled"}),
        ("default, no edges", {"plan.before_after": False}),
        ("mandy, check-ins", {"plan.checkin_min": 0}),
        ("primary, horizon", {"plan.horizon": 2}),
    ):
        base = load(name.partition(",")[0])
        out.append((name, base, base.with_changes(dict(changes))))
    return out


def years(keep: Path, workers: int) -> dict[str, Array]:
    """Simulate what is not kept yet; all metrics of the years of each plan."""
    out = {}
    with local_pool(workers) as pool:
        for name, (scenario, count) in arms().items():
            path = (
                keep / f"{scenario.code(1)[:60]}-{stable_seed(1, scenario.code(1), count)}.pickle"
            )
            if path.is_file():
                out[name] = pickle.loads(path.read_bytes())
                continue
            runs = replicate(scenario, seed=1, replications=count, executor=pool).runs
            out[name] = np.array([r.metrics for r in runs])
            path.write_bytes(pickle.dumps(out[name]))
            print(f"  {name}: {count} years", flush=True)
    return out


def share(hits: int, n: int) -> str:
    lo, hi = wilson(hits, n)
    return f"{100 * hits / n:.1f} % ({100 * lo:.1f} to {100 * hi:.1f})"


def study(pool: Mapping[str, Array]) -> None:
    """Draw experiments from the years and print what they say."""
    at = list(METRICS).index(METRIC)
    y = {name: table[:, at] for name, table in pool.items()}
    default = y["default"]
    print(
        f"\n{METRIC} of the default school: mean {100 * default.mean():.2f}, standard deviation of a year {100 * default.std(ddof=1):.2f} points"
    )
    identical(default)
    five(default, y["slips less"])
    coverage(y)
    pairs(y)


def identical(values: Array) -> None:
    """Identical plans on independent luck."""
    print("\nIdentical plans on independent luck, 1,000 seed pairs each:")
    print(f"  {'years':>5}  {'interval covers zero':28}  {'too close to call':28}")
    for n in (20, 50, 100, 200):
        rng = np.random.default_rng(stable_seed(1, "identical", n))
        zero = close = 0
        for _ in range(EXPERIMENTS):
            drawn = values[rng.choice(len(values), 2 * n, replace=False)]
            d = paired(drawn[:n].tolist(), drawn[n:].tolist())
            zero += d.lo <= 0 <= d.hi
            close += verdict(d, "more", 0.02) == "too close to call"
        print(f"  {n:5}  {share(zero, EXPERIMENTS):28}  {share(close, EXPERIMENTS):28}")


def five(base: Array, other: Array) -> None:
    """A true five-point effect with the years that the precision rule picks."""
    n = len(other)
    base = base[:n]
    true = float((other - base).mean())
    error = float((other - base).std(ddof=1)) / sqrt(n)
    print(
        f"\nA true effect of {100 * true:.2f} points (over {n} shared years; standard error {100 * error:.2f}):"
    )
    for words, shared in (("shared luck", True), ("independent luck", False)):
        rng = np.random.default_rng(stable_seed(1, "five", words))
        called, used = 0, []
        for _ in range(EXPERIMENTS):
            order = rng.permutation(n)
            before = base[order].tolist()
            count = needed(before, 0.02)
            assert count is not None
            used.append(count)
            after = other[order if shared else rng.permutation(n)][:count].tolist()
            d = paired(before[:count], after) if shared else unpaired(before[:count], after)
            called += verdict(d, "more", 0.02) == "better"
        print(
            f"  {words:17} called in {share(called, EXPERIMENTS)}; years picked for the base's half-width of "
            f"2 points: {fmean(used):.0f} on average, {min(used)} to {max(used)}"
        )


def coverage(y: Mapping[str, Array]) -> None:
    """Intervals against the truth, which is the mean of all years that were simulated."""
    plans = ("check-ins", "later", "no edges", "timetabled")
    count = min(len(y[p]) for p in plans)
    table = np.array([y["default"][:count], *(y[p][:count] for p in plans)])
    truth = table.mean(axis=1)
    # a chance that is neither 0 nor 1: a year of the base against another year of it
    later = y["default"][count : 2 * count]
    beats_truth = float((later > table[0]).mean())
    print(
        f"\nCoverage of 95 % intervals, 1,000 experiments each (years drawn with return from {count}):"
    )
    print(
        f"  {'years':>5}  {'mean':22}  {'paired difference':22}  {'four plans at once':22}  {'four, each 95 %':22}  {'chance in one year':22}"
    )
    for n in (10, 20, 50, 200):
        rng = np.random.default_rng(stable_seed(1, "coverage", n))
        mean = single = both = each = chance = 0
        for _ in range(EXPERIMENTS):
            at = rng.integers(0, count, n)
            drawn = table[:, at]
            e = estimate(drawn[0].tolist())
            mean += e.lo <= truth[0] <= e.hi
            found = against(drawn[0].tolist(), drawn[1:].tolist(), better="more", smallest=0.02)
            true = truth[1:] - truth[0]
            own = [
                f.difference.lo <= t <= f.difference.hi for f, t in zip(found, true, strict=True)
            ]
            single += own[0]
            each += all(own)
            both += all(f.lo <= t <= f.hi for f, t in zip(found, true, strict=True))
            _, low, high, _ = beats(later[at] - drawn[0], "more")
            chance += low <= beats_truth <= high
        cells = (mean, single, both, each, chance)
        print(f"  {n:5}  " + "  ".join(f"{share(c, EXPERIMENTS):22}" for c in cells))


def pairs(y: Mapping[str, Array]) -> None:
    """Is the paired half-width below the unpaired one?"""
    print(f"\nHalf-width of the difference over {PAIRED} years, points:")
    print(f"  {'pair':18} {'difference':>10} {'paired':>8} {'unpaired':>9} {'ratio':>6}")
    below = 0
    for name, _, _ in preset_pairs():
        a, b = y[f"{name} A"].tolist(), y[f"{name} B"].tolist()
        one, two = paired(a, b), unpaired(a, b)
        mine, theirs = 50 * (one.hi - one.lo), 50 * (two.hi - two.lo)
        below += mine < theirs
        print(
            f"  {name:18} {100 * one.mean:+10.2f} {mine:8.2f} {theirs:9.2f} {mine / theirs if theirs else float('nan'):6.2f}"
        )
    print(f"  below in {below} of {len(preset_pairs())}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the simulated years")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args(arguments)
    asked.keep.mkdir(parents=True, exist_ok=True)
    study(years(asked.keep, asked.workers))


if __name__ == "__main__":
    main()

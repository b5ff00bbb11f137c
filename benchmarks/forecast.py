"""How often a forecast covers the truth, and how it narrows: 100 synthetic schools, two plans.

Figures of a run are kept in docs/studies/forecast.md. Takes some minutes.
"""

from ectsim.calibrate import coverage
from ectsim.experiment import default_workers, local_pool
from ectsim.scenario import load

WEEKS = (4, 8, 13, 20, 26, 32)


def main() -> None:
    default = load("default")
    plans = {
        "found_time": default,
        "timetabled": default.with_changes({"plan.preset": "timetabled"}),
    }
    print("plan         weeks  covered of 100   width  error (points)")
    with local_pool(default_workers()) as pool:
        for name, scenario in plans.items():
            for row in coverage(scenario, after=WEEKS, executor=pool):
                print(
                    f"{name:12} {row.weeks:5} {row.covered:10}   {100 * row.width:10.1f} {100 * row.error:10.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()

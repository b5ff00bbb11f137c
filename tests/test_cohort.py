"""The cohort: made of published counts, the same for ever, small numbers hidden, luck of its own."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ectsim import cohort
from ectsim.analysis import estimate
from ectsim.cli import run as command
from ectsim.cohort import SIZES, Kind, Recipe, Tally, generate, ratio, run, scenario_of
from ectsim.errors import Cancelled, InputError
from ectsim.experiment import local_pool
from ectsim.ledger import BINS, count_bins, ledger
from ectsim.luck import stable_seed
from ectsim.model.frame import STATES, frame_of
from ectsim.model.year import live, live_in
from ectsim.parameters import certificates
from ectsim.school import Conditions

SMALL = 60


@pytest.fixture(scope="module")
def small() -> cohort.Result:
    return run(schools=SMALL, seed=3)


@pytest.fixture(scope="module")
def england() -> list[cohort.Seat]:
    return list(generate(12_500, 1))


# who is in it


def test_the_whole_cohort_has_the_published_counts(england: list[cohort.Seat]) -> None:
    ects = sum(s.kind.ects for s in england)
    mentors = sum(s.kind.mentors for s in england)
    # four standard deviations of each count, and what the largest numbers of ECTs cut off
    assert ects == pytest.approx(27_000, rel=0.012)
    assert mentors == pytest.approx(25_000, rel=0.012)
    assert 1.06 <= ects / mentors <= 1.12
    phases = Counter(s.kind.phase for s in england)
    assert phases["secondary"] / 12_500 == pytest.approx(
        0.26, abs=4 * (0.26 * 0.74 / 12_500) ** 0.5
    )
    inside = sum(s.kind.ects for s in england if s.kind.phase == "secondary") / ects
    assert inside == pytest.approx(0.504, abs=0.02)


def test_sizes_follow_the_recipe(england: list[cohort.Seat]) -> None:
    rules = Recipe()
    for phase, (middle, last) in {
        "secondary": (rules.secondary_large, rules.secondary_very_large),
        "primary": (rules.primary_two_forms, rules.primary_three_forms),
    }.items():
        mine = [s.kind.size for s in england if s.kind.phase == phase]
        for size, share in enumerate((1 - middle - last, middle, last)):
            assert mine.count(size) / len(mine) == pytest.approx(share, abs=0.03)


def test_a_school_does_not_depend_on_how_many_there_are(england: list[cohort.Seat]) -> None:
    assert list(generate(50, 1)) == england[:50]
    assert list(generate(50, 2)) != england[:50]


def test_states_lie_in_their_range_and_differ(england: list[cohort.Seat]) -> None:
    known = {c.name.partition(".")[2]: c for c in certificates(Conditions, "conditions")}
    for i, name in enumerate(STATES):
        drawn = [s.states[i] for s in england]
        low, high = known[name].low, known[name].high
        assert low is not None
        assert high is not None
        assert low <= min(drawn) < low + 0.05
        assert high - 0.05 < max(drawn) <= high
        middle = (low + float(str(known[name].default)) + high) / 3
        assert sum(drawn) / len(drawn) == pytest.approx(middle, abs=0.01)
    same = list(generate(5, 1, Recipe(states_spread=0.0)))
    assert {s.states for s in same} == {tuple(float(str(known[n].default)) for n in STATES)}


def test_draws_are_quantiles_of_their_distributions() -> None:
    grid = [(i + 0.5) / 20_000 for i in range(20_000)]
    assert sum(cohort._poisson(u, 2.3) for u in grid) / 20_000 == pytest.approx(2.3, abs=0.01)
    assert sum(cohort._binomial(u, 5, 0.14) for u in grid) / 20_000 == pytest.approx(0.7, abs=0.01)
    assert cohort._poisson(0.0, 0.0) == cohort._poisson(0.999, 0.0) == 0
    three = [cohort._triangular(u, 0.2, 0.5, 0.9) for u in grid]
    assert three == sorted(three)
    assert sum(three) / 20_000 == pytest.approx(1.6 / 3, abs=0.001)


@pytest.mark.parametrize("plan", ["found_time", "timetabled"])
@pytest.mark.parametrize("kind", [Kind("primary", 0, 2, 1), Kind("primary", 2, 6, 0), Kind("secondary", 0, 5, 2)])  # fmt: skip
def test_a_type_has_its_ects_mentors_and_slots(kind: Kind, plan: str) -> None:
    scenario = scenario_of(kind, plan)
    pairs = scenario.school.pairs
    assert len(pairs) == kind.ects
    assert len({p.mentor for p in pairs}) == kind.mentors
    assert len(scenario.school.staff) == cohort.STAFF[kind.phase][kind.size]
    without = [p for p in pairs if not scenario.plan.slots_of(p.id).meet]
    if plan == "found_time":
        assert without == list(pairs)
    else:  # a mentor from another department may share no free period with an ECT
        assert len(without) <= kind.shared


# living


def test_a_school_lives_as_its_scenario_does() -> None:
    """Steps and the frame that is shared change no cycle's fate."""
    seat = next(s for s in generate(200, 1) if s.kind.phase == "secondary" and s.kind.ects == 2)
    plain = scenario_of(seat.kind)
    states = dict(zip(STATES, seat.states, strict=True))
    own = plain.with_changes(
        {f"conditions.{k}": v for k, v in states.items()} | {"programme.steps.follow": True}
    )
    seed = stable_seed(1, "cohort", seat.number)
    entries = ledger(live(own, seed, 0).log, own)
    tally = cohort._tally(frame_of(plain).under(**states), seat.number, seed, 1)
    assert dict(zip(BINS, tally.bins, strict=True)) == count_bins(entries)
    assert tally.held == sum(e.met is not None for e in entries)
    assert tally.full == sum(e.content == "full" for e in entries)
    assert tally.logged == sum(
        1 + bool(e.seen) for e in entries if e.met is not None and e.recorded
    )


def test_a_frame_under_other_states_is_the_frame_of_the_other_scenario() -> None:
    base = scenario_of(Kind("primary", 0, 1, 0))
    changed = base.with_changes({f"conditions.{n}": 0.9 for n in STATES})
    under = frame_of(base).under(**dict.fromkeys(STATES, 0.9))
    assert live_in(under, 5, 0).log.rows == live(changed, 5, 0).log.rows
    assert live(base, 5, 0).log.rows != live(changed, 5, 0).log.rows
    with pytest.raises(KeyError):
        frame_of(base).under(deferral=0.3)


def test_cycles_add_up(small: cohort.Result) -> None:
    assert len(small.tallies) == SMALL
    assert [t.number for t in small.tallies] == list(range(SMALL))
    for t in small.tallies:
        assert t.full <= t.held <= t.due <= sum(t.bins)
        assert t.engaged <= t.pairs
    data = small.to_dict()
    assert sum(data["ledger_total"].values()) == data["due_total"] == 38 * sum(k.ects for k in small.kinds)  # fmt: skip


def test_the_same_digits_in_processes_in_part_and_again(small: cohort.Result) -> None:
    with local_pool(2) as pool:
        again = run(schools=SMALL, seed=3, executor=pool)
    assert json.dumps(again.to_dict()) == json.dumps(small.to_dict())
    part = run(schools=20, seed=3)
    assert part.tallies == small.tallies[:20]


def test_a_plan_and_a_change_reach_every_school(small: cohort.Result) -> None:
    other = run(schools=20, seed=3, plan="timetabled")
    assert other.kinds == small.kinds[:20]
    held = [sum(t.held for t in r.tallies[:20]) for r in (small, other)]
    assert held[0] < held[1]
    calm = run(schools=20, seed=3, changes={"conditions.slip_found": 0, "conditions.slip_before_after": 0})  # fmt: skip
    assert calm.ledger_total["slipped"] == 0 < run(schools=20, seed=3).ledger_total["slipped"]
    fewer = run(schools=5, seed=3, changes={"cohort.secondary_schools": 0.01})
    assert {k.phase for k in fewer.kinds} == {"primary"}
    assert fewer.command.endswith("--set cohort.secondary_schools=0.01")


def test_progress_is_told_and_it_can_be_stopped() -> None:
    told: list[tuple[int, int]] = []
    run(schools=12, seed=3, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (12, 12)
    assert told == sorted(told)
    with pytest.raises(Cancelled):
        run(schools=12, seed=3, cancelled=lambda: len(told) > 0)


# what comes of it


def test_the_interval_takes_the_school_as_the_sample() -> None:
    """Where all schools are alike in size it is the usual interval of a mean."""
    parts = [(k, 20) for k in (10, 12, 17, 9, 14, 11)]
    e = estimate([k / 20 for k, _ in parts])
    assert ratio(parts) == pytest.approx((e.mean, e.lo, e.hi))
    assert ratio([(3, 4)]) == (0.75, 0.75, 0.75)
    assert ratio([]) == (0.0, 0.0, 0.0)


def test_the_interval_covers_a_known_truth() -> None:
    """Schools of unequal size with a share of their own: 95 % of intervals hold the whole's share."""
    from ectsim.luck import Luck

    inside = 0
    for k in range(400):
        u = Luck(7, k).table("resample", "coverage", 120).reshape(40, 3)
        parts = []
        for a, b, _ in u.tolist():
            due = 38 * (1 + int(4 * a))
            parts.append((round(due * (0.5 + 0.4 * b)), due))
        _, lo, hi = ratio(parts)
        inside += lo <= 0.7 <= hi
    assert 0.92 <= inside / 400 <= 0.98


def test_small_groups_are_hidden_also_from_subtraction(small: cohort.Result) -> None:
    sizes = Counter(k.words for k in small.kinds)
    hidden = [g for g in small.groups()["size"] if g.schools is None]
    assert any(n < 3 for n in sizes.values()), "or nothing is tried here"
    for g in small.groups()["size"]:
        if sizes[g.name] < 3:
            assert g in hidden
    assert sum(sizes[g.name] for g in hidden) >= 3
    for g in hidden:
        assert (g.held, g.full, g.ects, g.mentors, g.tenth) == (None,) * 5


def test_spread_is_told_of_many_schools_only() -> None:
    kind = Kind("primary", 0, 1, 0)
    tally = Tally(0, 38, 30, 20, 40, 1, 1, (0,) * len(BINS))
    few = cohort._group("few", [(kind, tally)] * 29)
    many = cohort._group("many", [(kind, replace(tally, held=k)) for k in range(30)])
    assert few.tenth is None
    assert many.tenth == pytest.approx(2.9 / 38)


def test_nothing_personal_and_no_time_stands_in_a_result(small: cohort.Result) -> None:
    data = small.to_dict()
    text = json.dumps(data)
    assert any("ranked" in line for line in data["limits"])
    assert "no lesson is seen" in data["limits"][0]
    for word in ("seconds", "workers", '"T0', '"C1A'):
        assert word not in text
    status = {r["name"]: (r["status"], r["source"], r["low"]) for r in data["recipe"]}
    for name, (kind, source, low) in status.items():
        assert source or (kind == "assumption" and low is not None), name


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["cohort", "--schools", "12", "--seed", "3", "--workers", "1"]
    assert command([*arguments, "--json"]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert data["schools"] == 12
    assert set(data["groups"]) == {"all", "phase", "size", "ects"}
    assert command(arguments) == 0
    assert "A made-up cohort of 12 schools" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plan", "timetable"], "no plan 'timetable' - did you mean 'timetabled'?"),
        (["--set", "cohort.ects=-1"], "cohort.ects"),
        (["--set", "cohort.secondary_larg=0.2"], "secondary_larg"),
        (["--set", "cohort.secondary_large=0.9", "--set", "cohort.secondary_very_large=0.2"], "add up to more than 1"),
        (["--set", "plan.horizonn=2"], "horizonn"),
        (["--schools", "0"], "--schools"),
    ],
)  # fmt: skip
def test_a_wrong_input_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["cohort", "--schools", "3", "--workers", "1", *arguments]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_the_library_covers_what_is_drawn(england: list[cohort.Seat]) -> None:
    for kind in {s.kind for s in england}:
        assert 1 <= kind.ects <= SIZES[kind.phase][kind.size][2]
        assert kind.shared <= kind.ects // 2


def test_a_recipe_out_of_bounds_is_refused() -> None:
    with pytest.raises(InputError):
        run(schools=200_000)

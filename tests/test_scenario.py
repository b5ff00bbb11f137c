"""Scenarios: files, changes by name, codes, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectsim.errors import InputError
from ectsim.folder import read_school, school_files
from ectsim.plan import LEVELS
from ectsim.scenario import Scenario, load, parse_code
from tests.builders import tiny_scenario, tiny_school


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A school's folder with a scenario."""
    out = tmp_path_factory.mktemp("school")
    write(out, tiny_scenario(tiny_school(2, staff=6, weeks=6, cycle_weeks=2)))
    return out


def write(out: Path, scenario: Scenario) -> None:
    for name, text in school_files(scenario.school).items():
        (out / name).write_text(text, encoding="utf-8")
    (out / "scenario.toml").write_text(scenario.to_toml("."), encoding="utf-8")


def test_a_school_read_back_is_the_school(folder: Path) -> None:
    school = tiny_school(2, staff=6, weeks=6, cycle_weeks=2)
    again = read_school(folder)
    assert again == school
    assert again.digest == school.digest


def test_a_scenario_read_back_is_the_scenario(folder: Path) -> None:
    assert load(str(folder)).plan.slots == tiny_scenario(tiny_school(2, cycle_weeks=2)).plan.slots
    assert load(str(folder / "scenario.toml")) == load(str(folder))


def test_order_of_rows_and_display_names_do_not_count(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, load(str(folder)))
    for name in ("staff.csv", "timetable.csv"):
        head, *rows = (tmp_path / name).read_text().splitlines()
        (tmp_path / name).write_text("\n".join([head, *reversed(rows)]) + "\n")
    toml = tmp_path / "school.toml"
    toml.write_text(toml.read_text().replace('name = "', 'name = "Other '))
    assert read_school(tmp_path).digest == read_school(folder).digest


changes = st.fixed_dictionaries(
    {},
    optional={
        "plan.horizon": st.integers(0, 2),
        "plan.meeting_min": st.integers(10, 120),
        "plan.protection.mentor": st.sampled_from(LEVELS),
        "plan.recovery": st.lists(
            st.sampled_from(["reserve", "common_free", "before_after", "video", "split"]),
            unique=True,
        ).map(tuple),
        "plan.cover.supervisors": st.none() | st.integers(0, 20),
        "plan.before_after": st.booleans(),
        "plan.slots.E1.reserve": st.sampled_from(["", "1Wed:5", "1Wed:5+2Thu:5", "2Fri:5"]),
        "plan.slots.E1": st.none(),
        "conditions.sickness_days": st.floats(0, 40, allow_nan=False),
        "conditions.feedback": st.booleans(),
        "programme.coaching.min_reps": st.integers(1, 6),
    },
)


@given(changes, st.integers(0, 10**18 - 1))
def test_codes_go_there_and_back(folder: Path, changed: Mapping[str, object], seed: int) -> None:
    if "plan.slots.E1" in changed and "plan.slots.E1.reserve" in changed:
        changed = {k: v for k, v in changed.items() if k != "plan.slots.E1"}
    scenario = load(str(folder)).with_changes(changed)
    code = scenario.code(seed)
    again, its_seed = parse_code(code, school=folder)
    assert its_seed == seed
    assert (again.plan, again.school, again.programme) == (
        scenario.plan,
        scenario.school,
        scenario.programme,
    )
    assert again.code(seed) == code


@given(changes)
def test_files_go_there_and_back(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, changed: Mapping[str, object]
) -> None:
    if "plan.slots.E1" in changed and "plan.slots.E1.reserve" in changed:
        changed = {k: v for k, v in changed.items() if k != "plan.slots.E1"}
    scenario = load(str(folder)).with_changes(changed)
    path = folder / "changed.toml"
    path.write_text(scenario.to_toml("."), encoding="utf-8")
    again = load(str(path))
    assert (again.plan, again.school, again.programme) == (
        scenario.plan,
        scenario.school,
        scenario.programme,
    )


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("plan.horizn", "2", "did you mean 'horizon'"),
        ("plan.horizon", "7", "less than or equal to 2"),
        ("plan.horizon", "nan", "plan.horizon"),
        ("plan.meeting_min", "-5", "greater than or equal to 10"),
        ("plan.protection.mentr", "last", "did you mean 'mentor'"),
        ("plan.slots.E9.meet", "1Tue:5", "no pair 'E9'"),
        ("plan.slots.E1.met", "1Tue:5", "did you mean 'meet'"),
        ("plan.slots.E1.meet", "Tuesday", "is not a slot"),
        ("plan.slots.E1.meet", "1Tue:9", "no period '9'"),
        ("plan.slots.E1.meet", "1Tue:1", "not free then (lesson)"),
        ("plan.slots.E1.observe", "1Mon:5", "does not teach then"),
        ("conditions.sicknes_days", "3", "did you mean 'sickness_days'"),
        ("conditions.sickness_days", "1e999", "conditions.sickness_days"),
        ("plans.horizon", "1", "did you mean 'plan'"),
        ("horizon", "1", "is no parameter"),
        ("plan.preset", "timetabeld", "did you mean 'timetabled'"),
        ("plan.recovery", "reserv", "plan.recovery"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    folder: Path, name: str, value: str, says: str
) -> None:
    with pytest.raises(InputError) as error:
        load(str(folder)).with_changes({name: value}, where="--set")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_code_says_what_is_wrong_with_it(folder: Path, tmp_path: Path) -> None:
    code = load(str(folder)).code(3)
    with pytest.raises(InputError, match="name its folder"):
        load(code)
    other = tmp_path / "other"
    other.mkdir()
    write(other, tiny_scenario(tiny_school(3, staff=2, weeks=6)))
    with pytest.raises(InputError, match="another school"):
        load(code, school=other)
    with pytest.raises(InputError, match="another version or damaged"):
        load("e9-2021-default-found_time-s1")
    with pytest.raises(InputError, match="damaged"):
        load("e1-2021-x0000000000-found_time-s1-AAAA" if False else code + "AAAA", school=folder)


def test_a_hostile_code_is_only_a_wrong_code(folder: Path) -> None:
    digest = read_school(folder).digest[:10]
    for changed in (
        {"plan.slots.E1.meet": "<img src=x onerror=alert(1)>"},
        {"plan": {"a": 1}},
        [1, 2],
    ):
        import base64
        import zlib

        packed = (
            base64.urlsafe_b64encode(zlib.compress(json.dumps(changed).encode()))
            .decode()
            .rstrip("=")
        )
        with pytest.raises(InputError):
            parse_code(f"e1-2021-x{digest}-found_time-s1-{packed}", school=folder)


def test_giving_up_a_tight_part_is_said_and_a_loose_one_is_not(folder: Path) -> None:
    scenario = load(str(folder))
    assert scenario.banner == ""
    loose = {
        "plan.before_after": True,
        "plan.video": True,
        "plan.pastoral_by_other": True,
        "plan.recovery": "split",
    }
    assert scenario.with_changes(loose).banner == ""
    tight = {
        "plan.model": False,
        "plan.reps": 1,
        "plan.gate": "ignore",
        "plan.cadence": 2,
        "plan.observe": False,
    }
    for name, value in tight.items():
        changed = scenario.with_changes({name: value})
        assert "gives up" in changed.banner
        assert changed.warnings[0] == changed.banner

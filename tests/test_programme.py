"""Regimes are data; every parameter has a birth certificate."""

from __future__ import annotations

import re
import tomllib
from fractions import Fraction

import pytest
from pydantic import BaseModel, ValidationError

from ectsim.errors import InputError
from ectsim.parameters import Certificate, certificates
from ectsim.plan import PairSlots, Plan
from ectsim.programme import Coaching, Events, Programme, Study, programme_names
from ectsim.school import Conditions
from ectsim.share import data_dir

ID = re.compile(r"F\d{3}|E\d-\d\d|A13-\d{1,2}")
FACTS, AMBIGUITIES = 232, 17
ROOTS: dict[str, type[BaseModel]] = {"programme": Programme, "plan": Plan, "conditions": Conditions}
LABELS = {"programme.name", "programme.title", "programme.as_of", "plan.name", "plan.slots"}
ALL = [c for prefix, model in ROOTS.items() for c in certificates(model, prefix)]


def leaves(model: type[BaseModel], prefix: str) -> set[str]:
    """Return the dotted names of a model's fields, nested models opened."""
    out: set[str] = set()
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            out |= leaves(kind, f"{prefix}.{name}")
        else:
            out.add(f"{prefix}.{name}")
    return out


def test_the_regime_of_2021_is_the_default_written_out():
    assert Programme.preset("2021") == Programme()
    written = tomllib.loads((data_dir() / "programme" / "2021.toml").read_text(encoding="utf-8"))
    names = {f"programme.{k}" for k, v in written.items() if not isinstance(v, dict)}
    names |= {
        f"programme.{k}.{leaf}" for k, v in written.items() if isinstance(v, dict) for leaf in v
    }
    assert names == leaves(Programme, "programme")


def test_the_file_names_the_source_that_the_parameter_names():
    text = (data_dir() / "programme" / "2021.toml").read_text(encoding="utf-8")
    comments = dict(re.findall(r"^(\w+) = [^#\n]*#(.*)$", text, flags=re.MULTILINE))
    certified = [
        c for c in ALL if c.name.startswith("programme.") and c.status in ("source", "external")
    ]
    assert len(certified) > 25
    for c in certified:
        assert set(ID.findall(comments[c.name.rpartition(".")[2]])) & set(ID.findall(c.source)), (
            c.name
        )


def test_the_regime_of_2025_is_fortnightly_and_trains_mentors_in_one_year():
    new, old = Programme.preset("2025"), Programme.preset("2021")
    assert (new.study.modules_in(1), new.study.modules_in(2)) == (18, 18)
    assert (new.events.mentor_hours_in(1), new.events.mentor_hours_in(2)) == (20, 0)
    assert (old.study.modules_in(1), old.study.modules_in(2)) == (36, 0)
    assert old.events.mentor_hours == 18
    assert new.coaching == old.coaching
    assert new.entitlement == old.entitlement


def test_the_names_of_regimes():
    assert programme_names() == ("2021", "2025")
    with pytest.raises(InputError, match="did you mean '2025'"):
        Programme.preset("2026")


def test_the_sums_of_the_sources():
    """F030: 18 + 6 + 36 = 60 hours; F083: two and three events, then one and three; F094: 18."""
    events, study = Events(), Study()
    conferences = (events.ect_conferences_y1 + events.ect_conferences_y2) * events.conference_hours
    clinics = (events.ect_clinics_y1 + events.ect_clinics_y2) * events.clinic_hours
    modules = study.modules * study.module_min / 60
    assert (conferences, clinics, modules) == (18, 6, 36)
    assert events.mentor_hours == 12 + 3 + 3
    assert Events(mentor_training="each_year").mentor_hours == 36  # A13-6
    coaching = Coaching()
    hour = coaching.observation_min[1] + coaching.coaching_min[1] + coaching.other_mentoring_min
    assert hour == 60  # F041


@pytest.mark.parametrize("total", [0, 1, 35, 36, 37])
@pytest.mark.parametrize("schedule", ["12x3", "24+12", "18+18"])
def test_no_module_is_lost_between_the_years(total, schedule):
    study = Study(modules=total, schedule=schedule)
    assert study.modules_in(1) + study.modules_in(2) == total


def test_cadence_is_pro_rata():
    coaching = Coaching()
    assert coaching.rate(1, Fraction(1)) == 1
    assert coaching.rate(2, Fraction(1)) == Fraction(1, 2)
    assert coaching.rate(2, Fraction(3, 5)) == Fraction(3, 10)


def test_a_regime_cannot_change_and_knows_its_keys():
    with pytest.raises(ValidationError):
        Programme().years = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="cadence"):
        Programme.model_validate({"cadence": 1})


def test_every_parameter_has_a_certificate():
    named = {c.name for c in ALL}
    wanted = {name for prefix, model in ROOTS.items() for name in leaves(model, prefix)}
    assert wanted - named == LABELS
    assert len(ALL) == len(named) > 80
    # slots and who takes a class are the choices without a default: they come from a timetable
    uses = {"meet", "observe", "reserve", "study"}
    assert set(PairSlots.model_fields) == uses | {
        "release_ect",
        "release_mentor",
        "deputy",
        "helper",
    }


@pytest.mark.parametrize("c", ALL, ids=lambda c: c.name)
def test_certificates_are_whole(c: Certificate):
    ids = c.source.split()
    for i in ids:
        assert ID.fullmatch(i), f"{i} is no id"
        assert not i.startswith("F") or 1 <= int(i[1:]) <= FACTS
        assert not i.startswith("A13-") or 1 <= int(i[4:]) <= AMBIGUITIES
    assert c.ask.endswith(("?", ".")), "a control needs a question"
    assert c.status in ("source", "derived", "external", "assumption")
    if c.status != "assumption":
        assert ids, "a default that is no assumption needs a source"
    if c.status == "external":
        assert any(i.startswith("E") for i in ids)
    if c.status == "source":
        assert any(i.startswith(("F", "A13")) for i in ids)
    if c.low is not None and c.high is not None:
        assert c.low <= c.high
        if isinstance(c.default, int | float) and not isinstance(c.default, bool):
            assert c.low <= c.default <= c.high, "the default lies in its range"


NUMBERS = [
    c for c in ALL if c.status == "assumption" and not isinstance(c.default, bool | str | tuple)
]


@pytest.mark.parametrize("c", NUMBERS, ids=lambda c: c.name)
def test_an_assumed_number_has_a_range(c: Certificate):
    assert c.low is not None
    assert c.high is not None


def test_an_assumed_duration_is_its_own_range():
    durations = [c for c in ALL if c.status == "assumption" and c.name.endswith("_min")]
    assert len(durations) == 6
    for c in durations:
        least, likely, most = c.default  # type: ignore[misc]
        assert least < most
        assert least <= likely <= most

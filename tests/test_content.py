"""What the programme holds stands as data: whole, in order, and true to the facts it names."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from ectsim import content
from ectsim.content import (
    ambiguities,
    events,
    evidence,
    flex,
    framework,
    glossary,
    modules,
    steps,
    topic,
)
from ectsim.errors import InputError
from ectsim.parameters import certificates
from ectsim.plan import Plan, plan_names
from ectsim.programme import Programme
from ectsim.share import data_dir

CHECKOUT = Path(__file__).resolve().parents[1]
ID = re.compile(r"F(\d{3})|E\d-\d\d|A13-(\d{1,2})")
FACTS = 232
FILES = ["modules.csv", "framework.csv", "steps.csv", "events.csv", "flex.csv", "ambiguities.toml", "glossary.csv",
         "evidence.csv"]  # fmt: skip
READ = [modules, framework, steps, events, flex, ambiguities, glossary, evidence]
MODULE = {m.number: m for m in modules()}
STEP = {s.id: s for s in steps()}
OPTION = {f.id: f for f in flex()}
PROGRAMME = Programme()


def wording(name: str) -> str:
    """Return a file's text without the addresses in it."""
    return re.sub(r"https?://[^\s,]+", "", (data_dir() / name).read_text(encoding="utf-8"))


def entries():
    return [entry for read in READ for entry in read()]


# modules and framework


def test_36_modules_in_three_strands_of_twelve_weeks():
    assert [m.number for m in modules()] == list(range(1, 37))
    assert len(modules()) == PROGRAMME.study.modules
    assert [(m.term, m.strand) for m in modules()] == (
        [(1, "behaviour")] * 12 + [(2, "instruction")] * 12 + [(3, "subject")] * 12
    )
    assert [m.week for m in modules()] == list(range(1, 13)) * 3
    assert {m.year for m in modules()} == {1}
    assert PROGRAMME.study.schedule == "12x3"
    assert PROGRAMME.study.modules_in(1) == 36


def test_dougs_order():
    """F157 to F159: in the ninth week of the second term's strand he adapts teaching; questioning is next."""
    strand = [m for m in modules() if m.strand == "instruction"]
    assert {m.term for m in strand} == {2}
    assert [m.label for m in strand if 7 <= m.week <= 10] == [
        "selecting content",
        "linking to prior knowledge",
        "adapting teaching",
        "classroom talk and questioning",
    ]
    assert [m.number for m in modules() if "questioning" in m.label] == [22]
    assert all("F158" in m.source for m in strand if 7 <= m.week <= 10)


def test_abdis_strand_comes_in_the_autumn():
    assert {m.strand for m in modules() if m.term == 1} == {"behaviour"}  # F167


def test_prerequisites_exist_and_lead_nowhere_in_a_circle():
    order = list(TopologicalSorter({m.number: m.prerequisite for m in modules()}).static_order())
    assert sorted(order) == sorted(MODULE)
    for m in modules():
        assert all(p < m.number for p in m.prerequisite + m.revisits), m.label
        assert len(set(m.prerequisite)) == len(m.prerequisite)
    # a module without any is where something begins; most rest upon an earlier one (F189)
    assert sum(bool(m.prerequisite) for m in modules()) >= 30


def test_key_learning_returns():
    """F184: instructions come back where a teacher models."""
    instructions = next(m for m in modules() if "instructions" in m.label)
    modelling = next(m for m in modules() if "modelling" in m.label)
    assert instructions.number in modelling.revisits
    assert sum(bool(m.revisits) for m in modules()) >= 30


def test_eight_sections_each_with_both_kinds_of_statement():
    assert [s.number for s in framework()] == list(range(1, 9))  # F017
    assert {m.standard for m in modules()} == set(range(1, 9))
    for s in framework():
        assert s.learn_that.endswith(".")
        assert s.learn_how.endswith(".")
        assert s.learn_that != s.learn_how
    seven = framework()[6]
    assert "F019" in seven.source
    assert "safe" in seven.learn_that
    assert "instructions" in seven.learn_how


# steps


def test_every_module_has_steps_to_enact_and_to_plan():
    assert len(steps()) >= 72
    kinds = Counter((s.module, s.kind) for s in steps())
    assert {(m, k) for m in MODULE for k in ("enact", "plan")} == set(kinds)
    levels = {m: {s.level for s in steps() if s.module == m} for m in MODULE}
    assert sum(len(of) >= 2 for of in levels.values()) >= 30
    assert {s.level for s in steps()} == {1, 2, 3}


def test_the_id_of_a_step_says_what_it_is():
    for s in steps():
        assert s.id == f"m{s.module:02d}{s.kind[0]}{s.level}"


def test_links_exist_and_lead_nowhere_in_a_circle():
    order = list(TopologicalSorter({s.id: s.next for s in steps()}).static_order())
    assert sorted(order) == sorted(STEP)
    assert sum(bool(s.next) for s in steps()) > len(steps()) / 2


def test_links_lead_on():
    """No link leads to an earlier topic, so that the gate can open, nor to an easier step of its own."""
    for s in steps():
        for after in (STEP[i] for i in s.next):
            own = (s.module, s.level, s.kind == "enact")
            assert (after.module, after.level, after.kind == "enact") > own, s.id


def test_instructions_lead_to_monitoring_and_to_where_to_stand():
    """F056 and F062."""
    reached, todo = set(), ["m02e1"]
    while todo:
        reached.add(todo.pop())
        todo = [n for i in reached for n in STEP[i].next if n not in reached]
    assert {"m02e2", "m04e1", "m04e2"} <= reached
    assert "path" in STEP["m04e1"].text
    assert "stand" in STEP["m04e2"].text
    assert "order" in STEP["m02e1"].text  # F019: in the order of doing


def test_a_topic_can_be_deepened():
    """F160: while questioning waits, more remains in adapting teaching."""
    assert len({s.level for s in steps() if s.module == 21 and s.kind == "enact"}) >= 3


def test_a_step_is_one_sentence_with_two_criteria():
    for s in steps():
        assert re.fullmatch(r"[A-Z][^.;?!]+\.", s.text), s.id
        assert 40 <= len(s.text) <= 140, s.id
        assert len(s.success) == 2
        for criterion in s.success:
            assert re.fullmatch(r"[^A-Z][^.]+", criterion), s.id
            assert len(criterion) <= 70, s.id
        assert s.editable  # F114


# events


def test_the_order_of_ect_events():
    """F081 and F082."""
    ect = [e for e in events() if e.audience == "ect"]
    assert [e.order for e in ect] == list(range(1, 10))
    assert [e.id for e in ect if e.year == 1] == [
        "ect_conference_1", "ect_clinic_1", "ect_conference_2", "ect_clinic_2", "ect_clinic_3",
    ]  # fmt: skip
    assert [e.id for e in ect if e.year == 2] == [
        "ect_conference_3", "ect_clinic_4", "ect_clinic_5", "ect_clinic_6",
    ]  # fmt: skip
    assert all(e.kind in e.id for e in events())


def test_hours_and_counts_are_those_of_the_programme():
    """F030: 18 + 6 + 36 = 60; F083; F094: 12 + 3 + 3 = 18."""
    hours: Counter[tuple[str, str]] = Counter()
    for e in events():
        hours[e.audience, e.kind] += e.hours
    assert hours == {
        ("ect", "conference"): 18, ("ect", "clinic"): 6, ("mentor", "conference"): 12, ("mentor", "clinic"): 3,
        ("mentor", "coaching_on_coaching"): 3,
    }  # fmt: skip
    ect = sum(n for (audience, _), n in hours.items() if audience == "ect")
    assert ect + len(modules()) * PROGRAMME.study.module_min / 60 == 60
    mentor = sum(n for (audience, _), n in hours.items() if audience == "mentor")
    assert mentor == PROGRAMME.events.mentor_hours == 18
    due = PROGRAMME.events
    counts = Counter((e.year, e.kind) for e in events() if e.audience == "ect")
    assert counts == {
        (1, "conference"): due.ect_conferences_y1, (1, "clinic"): due.ect_clinics_y1,
        (2, "conference"): due.ect_conferences_y2, (2, "clinic"): due.ect_clinics_y2,
    }  # fmt: skip
    for e in events():
        assert e.hours == (due.conference_hours if e.kind == "conference" else due.clinic_hours)


def test_conferences_take_a_day_and_clinics_none():
    """F091, F095 to F097 and the default reading A13-8."""
    for e in events():
        if e.kind == "conference":
            assert (e.mode, e.after_school, e.dates) == ("in_person", False, 1)
        elif e.kind == "clinic":
            assert (e.mode, e.after_school) == ("online", True)
            assert e.dates > 1
        else:
            assert e.mode == "either"  # F092


def test_mentors_begin_with_a_conference():
    mentor = [e for e in events() if e.audience == "mentor"]
    assert [e.order for e in mentor] == list(range(1, 9))
    assert mentor[0].id == "mentor_conference_1"  # F098
    assert {e.year for e in mentor} == {None}


def test_only_labels_of_year_2_are_uncertain():
    assert [e.label_uncertain for e in events()] == [e.year == 2 for e in events()]  # F089


def test_the_list_of_events_has_a_version_and_a_day():
    """F090 and F217."""
    assert {(e.version, e.as_of.isoformat()) for e in events()} == {(1, PROGRAMME.as_of)}


# loose and tight


def test_every_loose_option_is_there_once():
    named = [i for f in flex() if not f.tight for i in f.source if "F105" <= i <= "F118"]
    assert sorted(named) == [f"F{n}" for n in range(105, 119)]
    assert sum(not f.tight for f in flex()) == 14


def test_every_tight_part_has_a_loose_option_beside_it():
    tight = [f for f in flex() if f.tight]
    assert {f.id for f in tight} == {
        "study_gate", "model", "second_rehearsal", "cadence", "one_step", "visit",
    }  # fmt: skip
    for f in tight:
        assert "F119" in f.source
        assert not OPTION[f.nearest_loose].tight
    assert not any(f.nearest_loose for f in flex() if not f.tight)


WITH_FIELD = [f for f in flex() if f.plan_field]
WITHOUT = [f for f in flex() if not f.plan_field]


@pytest.mark.parametrize("f", WITH_FIELD, ids=lambda f: f.id)
def test_a_plan_knows_the_field_its_value_and_its_default(f):
    assert f.plan_field in Plan.model_fields
    chosen = Plan.model_validate({f.plan_field: f.plan_value})
    assert bool(chosen.given_up) == f.tight, "only a tight part can be given up"
    default = Plan.model_validate({f.plan_field: f.default})
    assert getattr(default, f.plan_field) == getattr(Plan(), f.plan_field)


def test_what_a_plan_can_give_up_is_what_is_tight():
    everything = {f.plan_field: f.plan_value for f in WITH_FIELD if f.tight}
    assert len(Plan.model_validate(everything).given_up) == len(everything) == 5


@pytest.mark.parametrize("f", WITHOUT, ids=lambda f: f.id)
def test_without_a_field_an_option_is_on_or_off(f):
    assert f.plan_value == ""
    assert f.default in (("on",) if f.tight else ("on", "off"))


# readings


def test_the_17_readings():
    assert [a.number for a in ambiguities()] == list(range(1, 18))
    assert ambiguities()[4].id == "A13-5"
    for a in ambiguities():
        assert a.question.endswith("?")
        assert a.evidence.endswith(".")
        assert a.reading != a.alternative


SWITCHED = [a for a in ambiguities() if a.parameter]
CERTIFICATE = {
    c.name: c
    for prefix, model in (("programme", Programme), ("plan", Plan))
    for c in certificates(model, prefix)
}


@pytest.mark.parametrize("a", SWITCHED, ids=lambda a: a.id)
def test_a_parameter_switches_the_reading(a):
    room, *path = a.parameter.split(".")
    model = {"programme": Programme, "plan": Plan}[room]

    def after(value: object) -> object:
        tree: object = value
        for key in reversed(path):
            tree = {key: tree}
        found: object = model.model_validate(tree)
        for key in path:
            found = getattr(found, key)
        return found

    default: object = model()
    for key in path:
        default = getattr(default, key)
    shipped = [default]
    if room == "plan":  # a choice that is made by a plan that ships
        shipped += [getattr(Plan.preset(name), path[0]) for name in plan_names()]
    assert after(a.value) in shipped
    assert after(a.alternative_value) != after(a.value)
    named = set(CERTIFICATE[a.parameter].source.split())
    assert a.id in named or named & set(a.source)


def test_a_reading_that_is_switched_says_by_what():
    assert {a.number for a in SWITCHED} == set(range(1, 18)) - {12}
    assert [a.number for a in ambiguities() if a.outside] == [12]


# glossary and evidence


def test_the_glossary():
    assert len(glossary()) >= 60
    words = [t.term.casefold() for t in glossary()]
    assert words == sorted(words)
    for t in glossary():
        assert 1 <= t.meaning.count(".") - t.meaning.count("0.") <= 2, t.term
        assert len(t.meaning) <= 160, t.term
    named = " ".join(words)
    for word in ("ect", "mentor", "induction coordinator", "action step", "contracting", "deliberate practice",
                 "tight but loose", "full cycle", "gate", "steplab", "teachers' standards"):  # fmt: skip
        assert word in named


def test_every_published_figure_that_is_cited_is_told():
    known = {f.id for f in evidence()}
    assert len(known) >= 60
    cited = set()
    for path in [*(CHECKOUT / "ectsim").rglob("*.py"), *data_dir().rglob("*.*")]:
        if path.name != "evidence.csv" and path.suffix in (".py", ".toml", ".csv", ".md"):
            cited |= set(re.findall(r"\bE[1-7]-\d\d\b", path.read_text(encoding="utf-8")))
    assert len(cited) > 20
    assert cited <= known


@pytest.mark.parametrize("f", evidence(), ids=lambda f: f.id)
def test_a_published_figure_has_an_address(f):
    assert re.fullmatch(r"https?://[\w.-]+\.[a-z]{2,}/?\S*", f.address)
    assert not re.search(r"(?i)pypi|npmjs|crates\.io|rubygems|anaconda", f.address)
    assert re.search(r"\d|no year|standing", f.year)


def test_the_figures_that_outcomes_are_held_against():
    value = {f.id: f.value for f in evidence() if f.use == "held against"}
    assert (value["E1-03"], value["E1-04"], value["E1-05"]) == ("54 %", "73 %", "45 %")
    assert "40 to 50 %" in value["E2-01"]
    assert "70 to 80 %" in value["E2-02"]
    assert value["E2-03"] == "80 %"
    assert value["E4-01"] == "61.8 %"


# all of it


def test_sources_have_the_right_form():
    figures = {f.id for f in evidence()}
    for entry in entries():
        sources = getattr(entry, "source", ())
        if isinstance(sources, str):  # who published a figure
            continue
        assert len(set(sources)) == len(sources)
        for i in sources:
            match = ID.fullmatch(i)
            assert match, f"{i} is no id"
            assert not match[1] or 1 <= int(match[1]) <= FACTS
            assert not match[2] or 1 <= int(match[2]) <= len(ambiguities())
            assert not i.startswith("E") or i in figures


def test_events_options_and_readings_all_have_a_source():
    assert all(entry.source for entry in [*events(), *flex(), *ambiguities(), *framework()])


def test_no_text_is_there_twice():
    for texts in (
        [m.label for m in modules()],
        [s.text for s in steps()],
        [e.label for e in events()],
        [f.words for f in flex()],
        [t.meaning for t in glossary()],
        [a.question for a in ambiguities()],
        [x for s in framework() for x in (s.title, s.line, s.learn_that, s.learn_how)],
    ):
        assert [t for t, n in Counter(texts).items() if n > 1] == []
    criteria = Counter(c for s in steps() for c in s.success)
    assert max(criteria.values()) <= 2


AMERICAN = (
    r"behavior|color|favor(?!it)|\bcenter|practic(?:ing|ed)\b|analyz|organiz|recogniz|modeling|labeled|program\b"
    r"|fulfill\b|judgment|\bmath\b|\bgrade|enrol\b(?!l)|licence"
)
BANNED = r"\bNQT|\.\./|/home/|/work\b|/tmp\b|[A-Z]:\\|\bTODO\b|\bTBD\b|lorem"


@pytest.mark.parametrize("name", FILES)
def test_spelling_is_british_and_nothing_is_there_that_should_not_be(name):
    text = wording(name)
    assert re.findall(rf"(?i)\w*(?:{AMERICAN})", text) == []
    assert re.findall(BANNED, text) == []
    assert "http" not in text
    assert "  " not in text
    assert "\r" not in text
    assert text.endswith("\n")


def test_topics_in_sentences():
    assert topic(3) == "routines (module 3)"
    assert topic(36) == "learning as a teacher (module 36)"
    assert [topic(n) for n in (0, 37)] == ["module 0", "module 37"]


def test_labels_fit_into_a_sentence():
    for m in modules():
        assert re.fullmatch(r"[a-z][a-z ]{4,40}", m.label)


def test_content_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        modules()[0].label = "another"  # type: ignore[misc]
    assert modules() is modules()


def test_reading_loads_nothing_heavy():
    heavy = "{'numpy', 'pandas', 'pydantic', 'simpy', 'pyarrow'}"
    code = (
        "import sys\nfrom ectsim import content\n"
        f"for name in {[r.__name__ for r in READ]}:\n    assert getattr(content, name)()\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert told.stdout.strip() == "[]"


# broken files

BROKEN = [
    ("modules", "modules.csv", "module,year", "modul,year", r"modules\.csv, line 1: the columns are not module,year"),
    ("modules", "modules.csv", "3,1,1,behaviour,3", "3,1,1,behaviour", r"line 4: 9 cells where there should be 10"),
    ("modules", "modules.csv", "behaviour,3,", "behavior,3,", r"line 4, strand: 'behavior' is not known - did you mean"),
    ("modules", "modules.csv", "routines,1 2,2,", "routines,1 2,5,", r"line 4, prerequisite: 5 is not between 1 and 2"),
    ("modules", "modules.csv", "routines,1 2,2,", "routines,1 x,2,", r"line 4, revisits: 'x' is no whole number"),
    ("framework", "framework.csv", "2,How", "1,How", r"framework\.csv, line 3: '1' is there twice"),
    ("modules", "modules.csv", "36,1,3,", "40,1,3,", r"line 37, module: 40 stands where 36 should"),
    ("modules", "modules.csv", "routines,1 2", '"routines,1 2', r"modules\.csv, line \d+: the table cannot be read"),
    ("steps", "steps.csv", "m01e2,true", "m01e9,true", r"line 2, next: there is no step 'm01e9' - did you mean"),
    ("steps", "steps.csv", "m03e1,true", "m01e1,true", r"steps lead in a circle: (m01e1 > m01e2 > m01e1|m01e2 > m01e1 > m01e2)$"),
    ("steps", "steps.csv", "; every pupil is greeted", "", r"line 2, success: there are not two criteria"),
    ("steps", "steps.csv", "m01e1,1,1,enact", "m01e1,40,1,enact", r"line 2, module: 40 is not between 1 and 36"),
    ("steps", "steps.csv", "m01e1,1,1,enact", "m01e1,1,1,act", r"line 2, kind: 'act' is not known"),
    ("events", "events.csv", ",6,in_person", ",six,in_person", r"line 2, hours: 'six' is no number of hours"),
    ("events", "events.csv", ",6,in_person", ",nan,in_person", r"line 2, hours: 'nan' is no number of hours"),
    ("events", "events.csv", "2024-08-31", "31.8.2024", r"line 2, as_of: it is no date"),
    ("events", "events.csv", "in_person,false", "in_person,no", r"line 2, after_school: 'no' is not known"),
    ("flex", "flex.csv", "mentor_chooses,steps", ",steps", r"nearest_loose: '' is not known"),
    ("flex", "flex.csv", "mentor_chooses,steps", "model,steps", r"nearest_loose: 'model' is not known"),
    ("ambiguities", "ambiguities.toml", "number = 1\n", "number = \n", r"ambiguities\.toml: the file is not TOML \(.*line \d+"),
    ("ambiguities", "ambiguities.toml", "number = 2\n", "number = 4\n", r"ambiguity 2: its number is not 2"),
    ("ambiguities", "ambiguities.toml", "reading = ", "readings = ", r"ambiguity 1: no key 'readings' - did you mean 'reading'"),
    ("ambiguities", "ambiguities.toml", "value = [10, 15, 15]\n", "", r"ambiguity 1: a parameter comes with"),
    ("ambiguities", "ambiguities.toml", "[[ambiguity]]", "[[reading]]", r"ambiguities\.toml: no key 'reading'"),
    ("ambiguities", "ambiguities.toml", "source = \"F035\"\n", "", r"ambiguity 1: 'source' is missing or no text"),
    ("glossary", "glossary.csv", "action step,", ",", r"line \d+, term: it is empty"),
    ("framework", "framework.csv", "1,High", "9,High", r"line 2, section: 9 is not between 1 and 8"),
    ("evidence", "evidence.csv", "held against", "held up", r"line 2, use: 'held up' is not known - known: context"),
]  # fmt: skip


@pytest.mark.parametrize(("read", "name", "old", "new", "told"), BROKEN)
def test_a_broken_file_is_named_with_its_line(tmp_path, read, name, old, new, told):
    for other in FILES:
        shutil.copy(data_dir() / other, tmp_path)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")
    with pytest.raises(InputError, match=told):
        getattr(content, read)(tmp_path)


@pytest.mark.parametrize(("read", "name"), list(zip(READ, FILES, strict=True)))
def test_a_file_that_is_missing_or_no_text_is_named(tmp_path, read, name):
    shutil.copy(data_dir() / "modules.csv", tmp_path)
    (tmp_path / name).unlink(missing_ok=True)
    with pytest.raises(InputError, match=f"{name}: the file cannot be read"):
        read(tmp_path)
    (tmp_path / name).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=f"{name}: the file is not UTF-8 text"):
        read(tmp_path)


@pytest.mark.parametrize(("read", "name"), list(zip(READ, FILES, strict=True)))
def test_a_file_as_a_spreadsheet_saves_it_is_read(tmp_path, read, name):
    """With a byte order mark and Windows line ends."""
    for other in FILES:
        shutil.copy(data_dir() / other, tmp_path)
    data = (tmp_path / name).read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + data)
    assert read(tmp_path) == read()

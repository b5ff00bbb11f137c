"""What a school said of its codes stands in its folder and counts when it imports again."""

from pathlib import Path

import pytest

from ectsim.errors import InputError
from ectsim.folder import read_school
from ectsim.timetables.importer import import_school
from tests.timetables.exports import fet_csv
from tests.timetables.samples import NAMES, put, sims


def answer(folder: Path, old: str, new: str) -> None:
    text = (folder / "codes.toml").read_text()
    assert old in text
    (folder / "codes.toml").write_text(text.replace(old, new))


def test_an_answer_in_the_folder_counts_when_it_is_replaced(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", sims(extra={(1, 1, 0, 1): "Sangha", (1, 1, 0, 2): "PPA"}))
    first = import_school(source, to=tmp_path / "school")
    assert first.unknown == {"Sangha": 1, "PPA": 1}
    assert first.remembered == {}
    answer(tmp_path / "school", '"Sangha" = "unknown"', '"Sangha" = "meeting"')
    answer(tmp_path / "school", '"P6" = "blocked"', '"P6" = "other"')
    again = import_school(source, to=tmp_path / "school", replace=True)
    assert again.unknown == {"PPA": 1}
    assert again.remembered == {"Sangha": "meeting", "P6": "other"}
    assert (
        "Codes remembered from the folder's codes.toml: 'P6' is other, 'Sangha' is meeting; "
        "--codes replaces them" in again.lines()
    )
    # and it stays, also where a new timetable does not have the code
    import_school(put(tmp_path, "n.csv", sims()), to=tmp_path / "school", replace=True)
    third = import_school(source, to=tmp_path / "school", replace=True)
    assert third.remembered == {"Sangha": "meeting", "P6": "other"}
    assert third.unknown == {"PPA": 1}


def test_what_nobody_changed_is_no_answer(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", sims(extra={(1, 1, 0, 1): "Sangha"}))
    import_school(source, to=tmp_path / "school")
    before = {p.name: p.read_bytes() for p in (tmp_path / "school").iterdir()}
    again = import_school(source, to=tmp_path / "school", replace=True)
    assert again.remembered == {}
    assert {p.name: p.read_bytes() for p in (tmp_path / "school").iterdir()} == before


def test_a_mapping_that_is_given_replaces_the_memory(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", sims(extra={(1, 1, 0, 1): "Sangha", (1, 1, 0, 2): "PPA"}))
    codes = put(tmp_path, "c.toml", '[codes]\nSangha = "duty"\n')
    import_school(source, codes=codes, to=tmp_path / "school")
    kept = import_school(source, to=tmp_path / "school", replace=True)
    assert kept.remembered == {"Sangha": "duty"}
    other = put(tmp_path, "d.toml", '[codes]\nPPA = "ppa"\n')
    report = import_school(source, codes=other, to=tmp_path / "school", replace=True)
    assert report.remembered == {}
    assert report.unknown == {"Sangha": 1}


def test_a_new_folder_remembers_nothing(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", sims(extra={(1, 1, 0, 1): "Sangha"}))
    codes = put(tmp_path, "c.toml", '[codes]\nSangha = "duty"\n')
    import_school(source, codes=codes, to=tmp_path / "one")
    assert import_school(source, to=tmp_path / "two").unknown == {"Sangha": 1}


def test_a_name_in_a_code_is_remembered_by_its_code(tmp_path: Path) -> None:
    last = NAMES[3].split()[-1]
    source = put(tmp_path, "t.csv", sims(list(NAMES), extra={(1, 1, 0, 1): f"Meeting {last}"}))
    first = import_school(source, to=tmp_path / "school")
    (code,) = first.unknown
    assert last not in code
    answer(tmp_path / "school", f'"{code}" = "unknown"', f'"{code}" = "meeting"')
    again = import_school(source, to=tmp_path / "school", replace=True)
    assert again.unknown == {}
    assert again.kinds["meeting"] == 1


def test_a_subject_of_fet_is_remembered(tmp_path: Path) -> None:
    source = put(tmp_path, "t.csv", fet_csv())
    import_school(source, to=tmp_path / "school")
    answer(tmp_path / "school", '"Duty" = "unknown"', '"Duty" = "duty"')
    again = import_school(source, to=tmp_path / "school", replace=True)
    assert again.remembered == {"Duty": "duty"}
    assert "d" in read_school(tmp_path / "school").timetable.rows["MA1"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[codes]\nTut", "not valid TOML"),
        ('[codes]\nTut = "pastorl"\n', "did you mean|has the kind"),
        ("", "empty"),
        ("kind,name,first,last\n", "looks like a calendar"),
    ],
)
def test_a_broken_memory_is_refused_and_stays(tmp_path: Path, text: str, match: str) -> None:
    source = put(tmp_path, "t.csv", sims())
    import_school(source, to=tmp_path / "school")
    put(tmp_path / "school", "codes.toml", text)
    before = {p.name: p.read_bytes() for p in (tmp_path / "school").iterdir()}
    with pytest.raises(InputError, match=match) as caught:
        import_school(source, to=tmp_path / "school", replace=True)
    assert "codes.toml" in caught.value.where
    assert caught.value.where.endswith("in the folder to replace")
    assert "--codes" in caught.value.remedy
    assert {p.name: p.read_bytes() for p in (tmp_path / "school").iterdir()} == before
    codes = put(tmp_path, "c.toml", '[codes]\nTut = "pastoral"\n')
    assert import_school(source, codes=codes, to=tmp_path / "school", replace=True).written

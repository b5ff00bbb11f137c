"""The workbook: exercises that answer back, facts that are taught, notebooks that stay plain."""

import csv
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from ectsim import cli
from ectsim.content import facts, glossary
from ectsim.errors import InputError
from ectsim.share import data_dir, notebooks_dir
from ectsim.workbook import answers, opening, progress, runs, show, studies, tidy
from ectsim.workbook.exercises import EXERCISES, check
from ectsim.workbook.solutions import SOLUTIONS

PAGES = tidy.notebooks()
LESSONS = [notebooks_dir() / f"{lesson.notebook}.ipynb" for lesson in progress.LESSONS.values()]

CHAPTERS = {
    "L0": [(197, 200)],
    "L1": [(1, 6), (10, 22)],
    "L2": [(6, 9), (31, 46), (49, 52)],
    "L3": [(25, 26), (55, 55), (157, 160)],
    "L4": [(53, 54), (56, 79)],
    "L5": [(105, 122)],
    "L6": [(91, 104), (175, 180)],
    "L7": [(146, 155), (161, 166)],
    "L8": [(167, 171)],
    "L12": [(47, 48), (192, 192), (230, 230)],
}
"""The stretches of facts that each lesson takes on."""


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def text(cell: dict) -> str:
    return "".join(cell["source"])


# exercises


def test_every_exercise_has_a_solution_and_three_wrong_answers():
    assert list(EXERCISES) == list(SOLUTIONS)
    assert len(EXERCISES) >= 20
    for name, solution in SOLUTIONS.items():
        assert len(solution.wrong) >= 3, name


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_tells_its_answers_apart(name, monkeypatch):
    monkeypatch.delenv(progress.VARIABLE, raising=False)
    solution = SOLUTIONS[name]
    for nothing in (None, ...):
        assert (found := check(name, nothing)).rule == "unanswered"
        assert not found.solved
    found = check(name, solution.answer)
    assert found.solved, found
    said = set()
    for rule, answer in solution.wrong.items():
        found = check(name, answer)
        assert not found.solved
        assert found.rule == rule, found
        assert not leaks(name, answer, found.text), found
        said.add(found.text)
    assert len(said) == len(solution.wrong)


def leaks(name: str, wrong: object, hint: str) -> bool:
    """Tell whether a hint gives the reference answer away."""
    right, asked = SOLUTIONS[name].answer, EXERCISES[name]
    numbers = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", hint)]
    if asked.expects == "number":
        # the number itself, or how far the wrong one is from it
        return (
            any(abs(n - abs(right)) < 1e-6 or abs(n - abs(wrong - right)) < 1e-6 for n in numbers)
            and str(right) not in asked.question
        )
    if asked.expects == "choice":
        return asked.options[right] in hint
    if asked.expects == "changes":
        values = [v for v in right.values() if v not in (True, False)]
        plain = {str(w) for v in values for w in (v if isinstance(v, list) else [v])}
        return any(re.search(rf"(?<![\w.]){re.escape(w)}(?!\w|\.\d)", hint) for w in plain)
    if asked.expects == "order":
        return ", ".join(right) in hint
    return any(card in hint for card in asked.options)


def test_a_leak_is_found():
    assert leaks("L2-1", 38, "You are 19 away.")
    assert leaks("L2-1", 38, "It is 57.")
    assert leaks("L2-2", {}, "Take 60 minutes.")
    assert leaks("L2-4", {}, "Try the plan timetabled.")
    assert not leaks("L2-1", 38, "That is the first year.")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("L2-1", "57"), ("L2-1", float("nan")), ("L2-1", True), ("L2-3", "z"), ("L2-4", "timetabled"),
        ("L2-4", [1]), ("L4-1", ["praise"]), ("L4-1", "praise"), ("L4-3", {"a": "b"}), ("L4-3", 3),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_says_what_is_expected(name, answer):
    found = check(name, answer)
    assert (found.solved, found.rule) == (False, "unreadable")
    assert "nswer with" in found.text


def test_a_change_that_cannot_be_is_refused_with_its_reason():
    found = check("L8-1", {"plan.slots.T31.reserve": ["1Mon:4"]})
    assert found.rule == "refused"
    assert "not free then" in found.text
    assert check("L2-4", {"plan.horzon": 2}).rule == "refused"
    with pytest.raises(InputError, match="L2-4"):
        check("L2-44", 1)


def test_every_exercise_stands_in_its_lesson_unanswered():
    for name in EXERCISES:
        path = notebooks_dir() / f"{progress.LESSONS[name.split('-')[0]].notebook}.ipynb"
        code = [text(c) for c in cells(path) if c["cell_type"] == "code"]
        assert code.count(f'wb.ask("{name}")') == 1
        assert code.count(f'wb.check("{name}", ...)') == 1


# what the lessons teach


def test_every_fact_of_the_lessons_is_taught_in_a_named_place():
    table = data_dir() / "lessons.csv"
    assert table.read_text(encoding="utf-8") == tidy.register(PAGES)
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    for row in rows:
        headings = [
            line.lstrip("#").strip()
            for cell in cells(notebooks_dir() / row["notebook"])
            if cell["cell_type"] == "markdown"
            for line in text(cell).splitlines()
            if line.startswith("#")
        ]
        assert row["heading"] in headings
    lessons = {p.name for p in LESSONS}
    taught = {r["fact"] for r in rows if r["notebook"] in lessons}
    assert {f.id for f in facts() if "L" in f.kinds} - taught == set()
    for lesson, stretches in CHAPTERS.items():
        page = progress.LESSONS[lesson].notebook + ".ipynb"
        here = {r["fact"] for r in rows if r["notebook"] == page}
        due = {f"F{n:03}" for low, high in stretches for n in range(low, high + 1)}
        assert due - here == set(), lesson


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_asks_a_question_and_ends_with_a_summary(path):
    (lesson,) = [x for x in progress.LESSONS.values() if x.notebook == path.stem]
    words = [text(c) for c in cells(path) if c["cell_type"] == "markdown"]
    assert words[0].startswith(f"# {lesson.title}\n")
    assert "*The question: " in words[0]
    assert f"About {lesson.minutes} minutes" in words[0]
    assert lesson.minutes <= 30
    assert words[-1].startswith("## Summary")
    assert any("glossary.ipynb#" in w for w in words) or path.stem[:2] in ("09", "12")


def test_links_lead_somewhere():
    names = {p.name for p in PAGES}
    terms = {t.term.replace(" ", "-") for t in glossary()}
    links = 0
    for path in PAGES:
        for cell in cells(path):
            if cell["cell_type"] != "markdown":
                continue
            assert "[[" not in text(cell)
            for target in re.findall(r"\]\(([^)]+)\)", text(cell)):
                if target.startswith(("http://", "https://")):
                    continue
                page, _, place = target.partition("#")
                assert page in names, f"{path.name}: {target}"
                assert not place or unquote(place) in terms, f"{path.name}: {target}"
                links += 1
    assert links > 80


# plain notebooks


def test_notebooks_are_tidy_and_pages_follow_the_data(capsys):
    assert tidy.main(["--check"]) == 0, capsys.readouterr().out


def test_only_tagged_cells_store_an_output_and_it_is_small():
    stored = 0
    for path in PAGES:
        for cell in cells(path):
            tagged = tidy.STORED in cell["metadata"].get("tags", [])
            # a tagged cell without an output would pass whatever it prints
            assert bool(cell.get("outputs")) == tagged, f"{path.name}: {text(cell)[:60]}"
            if not tagged:
                continue
            assert all(o["name"] == "stdout" for o in cell["outputs"])
            stored += 1
    assert stored >= 40
    assert sum(p.stat().st_size for p in PAGES) < 400_000


def test_every_lesson_checks_numbers():
    for path in LESSONS[1:]:
        tags = [c["metadata"].get("tags", []) for c in cells(path)]
        assert sum(tidy.STORED in t for t in tags) >= 2, path.name


def test_a_path_says_how_long_its_lessons_compute_and_none_is_slow():
    times = tidy.run_times()
    made = {name.removesuffix(".ipynb") for name in tidy.pages()}
    assert set(times) == {p.stem for p in PAGES} - made
    assert max(times.values()) <= tidy.SLOWEST
    # all of them, two at a time
    assert sum(times.values()) / tidy.AT_ONCE < 4 * 60
    for name, path in progress.PATHS.items():
        words = text(cells(notebooks_dir() / f"path_{name}.ipynb")[0])
        for lesson, _, _ in path.steps:
            assert f"| {times[progress.LESSONS[lesson].notebook]} s |" in words


def test_tidying_drops_what_a_run_leaves_behind():
    cell = {
        "cell_type": "code", "source": ["print(1)\n"], "execution_count": 7, "id": "x",
        "metadata": {"collapsed": True, "tags": [tidy.STORED]},
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "1\n"}],
    }  # fmt: skip
    plain = {**cell, "metadata": {}}
    once = tidy.tidied({"cells": [cell, plain, plain], "metadata": {"kernelspec": {"name": "odd"}}})
    assert tidy.tidied(once) == once
    kept, dropped, twin = once["cells"]
    assert kept["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["1\n"]}]
    assert (dropped["outputs"], dropped["execution_count"]) == ([], None)
    assert dropped["id"] != twin["id"]
    assert once["metadata"] == tidy.METADATA


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "name": "stdout", "text": "x" * 2000},
        {"output_type": "execute_result", "data": {"text/plain": "1"}},
        {"output_type": "stream", "name": "stderr", "text": "careful"},
    ],
)
def test_tidying_refuses_an_output_that_is_not_small_text(output):
    cell = {
        "cell_type": "code",
        "source": "1",
        "metadata": {"tags": [tidy.STORED]},
        "outputs": [output],
    }
    with pytest.raises(InputError, match="page, cell 1: a tagged cell"):
        tidy.tidied({"cells": [cell]}, "page")  # fmt: skip


def test_a_number_of_the_model_that_changes_fails(tmp_path):
    """Run cells of lesson 1 while a default of the model is another one."""
    lesson = [c for c in cells(LESSONS[1]) if c["cell_type"] == "code"]
    at = next(i for i, c in enumerate(lesson) if "one, two = entitlement_table()" in text(c))
    assert [bool(c["outputs"]) for c in (lesson[0], lesson[1], lesson[at])] == [False, True, True]
    page = [*lesson[:2], lesson[at - 1], lesson[at]]
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "lesson.ipynb").write_text(tidy.written(tidy.tidied({"cells": page})))
    # every interpreter reads this first
    (tmp_path / "sitecustomize.py").write_text(
        "import ectsim.programme as p\n"
        "p.Entitlement.model_fields['y1_reduction'].default = 0.2\n"
        "p.Entitlement.model_rebuild(force=True)\n"
    )
    words = ["-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env", "lesson.ipynb"]
    command = [sys.executable, "-m", "pytest", *words]
    places = os.pathsep.join((str(tmp_path), str(Path(__file__).resolve().parents[1])))
    env = {**os.environ, "PYTHONPATH": places}
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=env)
    assert "1 failed, 3 passed" in found.stdout, found.stdout
    assert "lesson.ipynb::Cell 3" in found.stdout
    assert "outputs differ" in found.stdout
    assert "171.0" in found.stdout


# answers after a change of the model


def test_stale_answers_are_named_with_what_holds_now(monkeypatch, capsys):
    assert answers.main(["L2-1", "L0-1"]) == 0
    wrong = replace(SOLUTIONS["L2-1"], answer=58)
    monkeypatch.setitem(SOLUTIONS, "L2-1", wrong)
    assert answers.main(["L2-1"]) == 1
    told = capsys.readouterr().out
    assert "L2-1: 58 was foreseen as 'right' and is now" in told
    assert "taken now: 57 to 57" in told


# research pages


def test_what_a_page_says_a_study_found_stands_in_the_study():
    for study, rows in studies.STORED.items():
        page = Path(__file__).parents[1] / "docs" / "studies" / f"{study}.md"
        words = page.read_text(encoding="utf-8")
        for row, values in rows.items():
            for value in values:
                forms = {f"{value:.{n}f}" for n in range(5)} | {f"{value:g}"}
                assert any(re.search(rf"(?<![\d.]){re.escape(f)}(?![\d])", words) for f in forms), (study, row, value)  # fmt: skip


def test_absence_and_cover_come_out_of_the_code():
    dealt, share, each = studies.absence(9.3, 3)
    assert (dealt * 100 / share) == pytest.approx(each)
    assert 7 < dealt < 12
    few, many = studies.called(0.026, 0, 1), studies.called(0.099, 0, 1)
    assert 0 < few < many < 100
    assert studies.called(0.026, 2, 1) < few


def test_a_screen_finds_what_moves_an_effect():
    ranges = studies.ranges(["conditions.slip_before_after", "conditions.leader_support"])
    assert ranges["conditions.slip_before_after"] == (0.1, 0.5)
    found = studies.screen(
        "primary", {"plan.preset": "timetabled"}, ranges, trajectories=2, years=1
    )
    assert found["conditions.slip_before_after"][0] > found["conditions.leader_support"][0]


def test_the_first_years_of_a_longer_run_are_a_shorter_run():
    long, short = (runs.results("quiet", years=n).runs for n in (4, 2))
    runs._kept.cache_clear()
    assert runs.results("quiet", years=2).runs == short == long[:2]
    assert runs.results("quiet", years=4).runs == long


def test_a_change_is_worth_what_is_still_due():
    assert len(runs.log(12).splitlines()) == 13
    early, late = (
        runs.from_now(runs.log(w), {"plan.preset": "timetabled"}, years=60, tried=6)
        for w in (12, 36)
    )
    assert early.mean > late.mean > 0
    assert late.mean < 3 / 39
    assert runs.forecast(runs.log(12), years=60).changes == ()
    with pytest.raises(InputError, match="horizn"):
        runs.from_now(runs.log(12), {"plan.horizn": 1}, years=60)


# progress


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A learner's folder."""
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path))
    return tmp_path


def test_a_solved_exercise_is_kept_once_and_here(own):
    for answer in (38, 57, 57):
        check("L2-1", answer)
    assert json.loads((own / progress.FILE).read_text())["solved"] == ["L2-1"]
    assert os.listdir(own) == [progress.FILE]


def test_nothing_is_kept_where_no_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv(progress.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    check("L2-1", 57)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", progress.PATHS)
def test_a_path_says_what_comes_next_and_when_it_is_done(name, own, capsys):
    path = progress.PATHS[name]
    progress.path(name)
    assert f"Next: {progress.LESSONS[path.steps[0][0]].notebook}.ipynb" in capsys.readouterr().out
    for exercise in EXERCISES:
        progress.solved(exercise)
    progress.path(name)
    assert f"You are done. {path.leads_to}" in capsys.readouterr().out
    progress.progress()
    assert "you are done" in capsys.readouterr().out
    for lesson, minutes, _ in path.steps:
        assert minutes <= progress.LESSONS[lesson].minutes


def test_a_coordinator_needs_about_an_hour():
    assert 50 <= progress.PATHS["coordinator"].minutes <= 70


def test_tasks_are_ticked(own, capsys):
    progress.done("framework")
    lines = capsys.readouterr().out.splitlines()
    assert [line[:5].strip() for line in lines] == ["to do", "done", "to do", "to do", "to do"]
    with pytest.raises(InputError, match="did you mean 'framework'"):
        progress.done("framwork")
    with pytest.raises(InputError, match="no path"):
        progress.path("head")


@pytest.mark.parametrize("broken", ["[]", "{", "3", '{"solved": 3}'])
def test_a_damaged_file_of_progress_is_named(own, broken):
    (own / progress.FILE).write_text(broken)
    with pytest.raises(InputError, match="delete it"):
        progress.tasks()


# opening it


def test_the_first_opening_lays_out_pages_that_tell_no_number(tmp_path):
    assert opening.lay_out(tmp_path) == []
    assert {p.name for p in tmp_path.glob("*.ipynb")} == {p.name for p in PAGES}
    for path in tmp_path.glob("*.ipynb"):
        assert not any(c.get("outputs") for c in cells(path))


def test_what_a_learner_wrote_is_kept_and_the_rest_renewed(tmp_path):
    opening.lay_out(tmp_path)
    mine, other = tmp_path / PAGES[0].name, tmp_path / PAGES[1].name
    stamp = tmp_path / opening.STAMP
    copied = json.loads(stamp.read_text())
    for name, old in ((mine.name, "mine of old"), (other.name, "text of old")):
        (tmp_path / name).write_text(old)
        copied[name] = opening._digest(old.encode())
    stamp.write_text(json.dumps(copied))
    mine.write_text("my answers")
    assert opening.lay_out(tmp_path) == [mine.name]
    assert mine.read_text() == "my answers"
    assert other.read_bytes() == opening.fresh(PAGES[1])
    mine.unlink()
    assert opening.lay_out(tmp_path) == []
    assert mine.read_bytes() == opening.fresh(PAGES[0])


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("", "00_start_here"), ("0", "00_start_here"), ("4", "04_coaching_cycle"),
        ("04", "04_coaching_cycle"), ("L4", "04_coaching_cycle"), ("12", "12_launch_session"),
        ("r4", "r4_other_tools"), ("10", "10_forecast"), ("mentor", "path_mentor"), ("glossary", "glossary"), ("07_enabling_conditions.ipynb", "07_enabling_conditions"),
    ],
)  # fmt: skip
def test_a_word_leads_to_its_page(word, page):
    assert opening.page_of(word) == f"{page}.ipynb"


def test_a_wrong_word_or_folder_is_one_line_and_nothing_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["workbook", "glosary"]) == 2
    assert "did you mean 'glossary'?" in capsys.readouterr().err
    assert cli.run(["workbook", "13"]) == 2
    assert "the lessons are 0 to 12" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert cli.run(["workbook", "--to", "file"]) == 2
    assert "name another folder" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["file"]


def test_jupyterlab_opens_at_the_page_on_this_machine_alone(tmp_path):
    words = opening.command(tmp_path, "04_coaching_cycle.ipynb", 9000, browser=False)
    assert "--ServerApp.ip=127.0.0.1" in words
    assert "--LabApp.default_url=/lab/tree/04_coaching_cycle.ipynb" in words
    assert {"--LabApp.news_url=None", "--LabApp.extension_manager=readonly", "--no-browser"} <= set(
        words
    )
    assert "--no-browser" not in opening.command(tmp_path, "glossary.ipynb", None, browser=True)
    kept = opening._variables(tmp_path)
    assert kept[progress.VARIABLE] == str(tmp_path)
    assert all(v.startswith(str(tmp_path)) for k, v in kept.items() if k.startswith("JUPYTER") and k != "JUPYTER_PATH")  # fmt: skip


# what a lesson shows


def test_a_lesson_shows_the_digits_of_the_command_line(capsys):
    import ectsim.workbook as wb

    assert cli.run(["simulate", "quiet", "--replications", "3", "--workers", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(wb.run("quiet", years=3)))


def test_a_log_and_a_ledger_agree():
    log, ledger = runs.events("doug", pair="T31"), runs.cycles("doug", pair="T31")
    assert (log["event"] == "due").sum() == (ledger["bin"] != "paused").sum()
    assert (log["event"] == "practise").sum() == ledger["reps"].sum()
    studied = log[log["event"] == "studied"]
    assert list(studied["module"]) == list(range(1, len(studied) + 1))
    assert log["week"].between(0, 39).all()


def test_a_guess_is_held_against_the_run(capsys):
    for guess in (None, 80, 82.1, 90):
        show.reveal("Held", guess, 82.13)
    out = capsys.readouterr().out.splitlines()
    assert "no guess" in out[0]
    assert "2 too low" in out[1]
    assert "was right" in out[2]
    assert "8 too high" in out[3]


def test_charts_have_a_sentence_and_a_table():
    chart = show.lines("Falls", "It falls.", "x", [1, 2], {"a": [2.0, 1.0]}, "points").spec
    assert chart["table"] == {"columns": ["x", "a"], "rows": [[1, 2.0], [2, 1.0]]}
    chart = show.bars("One", "It is 3.", {"a": 3}, "hours").spec
    assert (chart["title"], chart["sentence"], chart["table"]["rows"]) == (
        "One",
        "It is 3.",
        [["a", 3]],
    )

"""The coordinator's dashboard in a real browser: the numbers, the choices, the files, the accidents."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from ectsim.app.client import Client, ServiceError
from ectsim.errors import InputError
from tests.dashboards.conftest import Running, chromium
from tests.dashboards.test_browser import violations
from tests.dashboards.test_service import go

STEPS = ["Describe", "Check hours", "See the year", "Where did they go", "Fix it", "How much", "Find slots", "Stress it", "Page for"]  # fmt: skip
IMAGE = "<img src=x onerror=alert(1)>"
CODE = "<b onclick=f(2)>"
FORMULA = "=cmd|' /C calc'!A0"
PRELOAD = ["ectsim.desk", "ectsim.model.year", "ectsim.story"]
PATIENCE = 150_000
"""Milliseconds that a busy machine may take; a free one needs a second or two."""
SETTLED = re.compile(r"simulated years\.$")
QUIET = "e1-2021-quiet-found_time-s1-eNqrVkrOz0vJLMnMzyvWK85Mzs5LLS6OT0msLFayMjTVM9BBkc_JLIhPyy_NS1GyMtCzrAUAvMIV8g"
"""A school of eight teachers, much illness, and much that takes unprotected time."""
YEARS = "?years=20"
"""Fewer years than a visitor gets, for tests that are not about their number."""

browser = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The dashboard as ``ectsim dashboard`` runs it."""
    chromium()
    running = Running(
        tmp_path_factory.mktemp("coordinator"), name="coordinator", visitors=2, preload=PRELOAD
    )
    yield running
    assert running.stop() == 0
    said = "".join(running.errors).replace("Task exception was never retrieved", "\0").split("\0")
    # a page that is closed while something is sent to it is no trouble
    assert not [t for t in said if "Traceback" in t and "WebSocketClosedError" not in t]


def settled(page: Page, before: str = "") -> str:
    """Wait until the estimate is done, and return the line that says so."""
    line = page.locator(".ect-status p")
    if before:
        expect(line).not_to_have_text(before, timeout=PATIENCE)
    expect(line).to_have_text(SETTLED, timeout=PATIENCE)
    return line.inner_text()


@pytest.fixture
def opened(served: Running, page: Page) -> Iterator[Page]:
    """A page of its own, closed as a person closes a tab: that gives its place back."""
    page.goto(served.url + YEARS)
    expect(page.get_by_text("made up").first).to_be_visible(
        timeout=PATIENCE
    )  # a busy machine starts slowly
    settled(page)
    yield page
    if not page.is_closed():
        page.close(run_before_unload=True)


@pytest.fixture
def small(served: Running, page: Page) -> Iterator[Page]:
    """The page with a school of eight teachers, which is simulated at once; it opens with step 3."""
    page.goto(f"{served.url}?years=20&code={QUIET}")
    expect(number(page)).to_have_attribute("data-n", "20", timeout=PATIENCE)
    settled(page)
    yield page
    if not page.is_closed():
        page.close(run_before_unload=True)


def at(page: Page, step: str) -> None:
    """Go to a step by the list of steps."""
    page.locator(".ect-steps button", has_text=step).click()
    expect(page.locator(".ect-steps [aria-current=step]")).to_contain_text(step)


def choices(page: Page) -> None:
    """Show all choices, in step 5."""
    at(page, "Fix it")
    page.get_by_role("button", name="Change anything yourself").click()
    expect(page.get_by_role("heading", name="Your choices")).to_be_visible()


def number(page: Page, metric: str = "completion_any") -> Locator:
    return page.locator(f".ect-figure[data-metric={metric}]")


def value(page: Page, metric: str = "completion_any") -> float:
    return float(number(page, metric).get_attribute("data-value") or "nan")


def saved(page: Page, button: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


# --- the numbers ------------------------------------------------------------------------------


@browser
def test_it_opens_with_numbers(opened: Page) -> None:
    assert opened.title() == "Plan coaching that survives the year - ectsim"
    assert opened.locator("h1").count() == 1
    found = opened.locator("[data-metric]")
    assert found.count() >= 10
    for each in found.all():
        low, high, n = (each.get_attribute(f"data-{k}") for k in ("lo", "hi", "n"))
        assert float(low or "nan") <= float(high or "nan")
        assert int(n or 0) == 20
    shown = number(opened).inner_text()
    assert shown.startswith(f"{100 * value(opened):.0f}")
    at(opened, "Where did they go")
    bars = opened.locator(".ect-chart").filter(has_text="That makes 190, the number due.")
    bars.get_by_text("Show the numbers").click()
    counts = [int(c.inner_text()) for c in bars.locator("tbody tr td:nth-child(2)").all()]
    assert sum(counts[:-1]) == counts[-1] == 190
    hundreds = [int(c.inner_text()) for c in bars.locator("tbody tr td:nth-child(3)").all()]
    assert sum(hundreds[:-1]) == hundreds[-1] == 100
    for chart in opened.locator(".ect-chart:not([hidden]) svg[role=img]").all():
        names = (chart.get_attribute("aria-labelledby") or "").split()
        assert names
        for name in names:  # the week strip comes a moment after the estimate
            expect(opened.locator(f"#{name}")).not_to_have_text("")
    text = opened.evaluate(
        "[...document.querySelectorAll('pre')].forEach(e => e.remove());"
        "document.getElementById('rendered_cells').textContent"
    )
    assert "replication" not in text.lower()


@browser
def test_the_digits_are_those_of_the_command_line(
    opened: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    from ectsim.cli import run

    choices(opened)
    opened.get_by_role("radio", name="For one more week").check()
    settled(opened, opened.locator(".ect-status p").inner_text())
    code = opened.locator("pre").first.inner_text()
    assert code in opened.url.replace("%2D", "-")
    at(opened, "Page for the head")
    name, content = saved(opened, "Save the results (JSON)")
    capsys.readouterr()
    assert run(["simulate", code, "--json", "--replications", "20", "--workers", "2"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert json.loads(content) == printed
    assert name.endswith(".json")
    for metric in ("completion_any", "completion_full", "lowest_ect"):
        assert value(opened, metric) == printed["metrics"][metric]["mean"]
    # and the address alone brings the same back
    before = value(opened)
    opened.reload()
    settled(opened)
    choices(opened)
    expect(opened.get_by_role("radio", name="For one more week")).to_be_checked(timeout=PATIENCE)
    settled(opened)
    assert value(opened) == before


def press(page: Page, name: str | re.Pattern[str], key: str = "Enter") -> None:
    button = page.get_by_role("button", name=name, exact=isinstance(name, str)).first
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.press(key)


def onward(page: Page, heading: str) -> None:
    """Press Next; the heading of what comes takes the focus."""
    page.locator(".ect-foot button", has_text=re.compile("^Next")).focus()
    page.keyboard.press("Enter")
    expect(page.locator("h2:focus, h3:focus")).to_have_text(heading)


@browser
def test_the_journey_by_keyboard_alone(small: Page) -> None:
    page = small
    press(page, re.compile("^Back: Check hours"))
    press(page, re.compile("^Back: Describe"))
    expect(page.locator("h2:focus, h3:focus")).to_have_text("Check your answers")
    for k in (5, 4, 3, 2, 1, 0):  # back through the questions to the school
        press(page, "Back")
        if k:
            expect(page.get_by_text(f"Question {k} of 5")).to_be_visible()
        expect(page.locator("h2:focus, h3:focus")).to_have_text("Describe your school")
    expect(page.get_by_role("button", name="Back", exact=True)).to_be_disabled()
    onward(page, "Describe your school")
    expect(page.get_by_text("Question 1 of 5")).to_be_visible()
    start = settled(page)
    page.keyboard.press("Tab")  # the reason
    page.keyboard.press("Enter")
    expect(page.get_by_text("competes with everything else").first).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    slots = settled(page, start)
    expect(page.get_by_text("Question 1 of 7")).to_be_visible()
    for name, shown in (("Undo", start), ("Redo", slots)):
        press(page, name)
        expect(page.locator(".ect-status p")).to_have_text(shown, timeout=PATIENCE)
    onward(page, "Describe your school")
    page.get_by_role("radio", name="Only when nobody else is free").focus()
    page.keyboard.press("Space")
    settled(page, slots)
    for k in (3, 4, 5, 6, 7):
        onward(page, "Describe your school")
        expect(page.get_by_text(f"Question {k} of 7")).to_be_visible()
    days = page.get_by_role("textbox", name=re.compile("days is a teacher ill"))
    for text, said in (("many", "enter a number"), ("9.3", "")):
        days.focus()
        page.keyboard.press("Control+A")
        page.keyboard.type(text)
        page.keyboard.press("Tab")
        if said:
            expect(page.get_by_text(said).first).to_be_visible()
    expect(page.locator("#ect-conditions\\.sickness_days-error")).to_be_empty()
    onward(page, "Check your answers")
    expect(
        page.get_by_role("row", name=re.compile("teacher ill.*9.3 days.*F|E\\d"))
    ).to_be_visible()
    onward(page, "Check the hours")
    expect(page.get_by_text(re.compile("checks (fail|pass)"))).to_be_visible(timeout=PATIENCE)
    onward(page, "See the year")
    page.locator("summary", has_text="Where from?").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Status: derived").first).to_be_visible()
    onward(page, "Where did they go?")
    settled(page)
    week = page.get_by_label("Show week")
    expect(week).to_be_visible(timeout=PATIENCE)
    week.focus()
    page.keyboard.type("9")
    expect(page.get_by_role("heading", name=re.compile("^Week 9, from Monday"))).to_be_visible()
    onward(page, "What would help?")
    tried = page.locator(".ect-fixes").get_by_text(
        re.compile("better|too close to call|worse|the same")
    )
    expect(tried.first).to_be_visible(timeout=PATIENCE)
    before = page.locator(".ect-status p").inner_text()
    press(page, "Use this")
    settled(page, before)
    onward(page, "How much is enough?")
    page.get_by_label("How often?").focus()
    page.keyboard.type("in every")
    press(page, "Find the cheapest that is enough")
    expect(page.locator(".ect-status p")).to_contain_text("Done.", timeout=PATIENCE)
    onward(page, "Find slots")
    expect(page.get_by_label("Which pair?").locator("visible=true")).to_be_visible(timeout=PATIENCE)
    onward(page, "Stress it")
    press(page, "See what would break it")
    press(page, "Stop")
    expect(page.locator(".ect-status p")).to_contain_text("Stopped")
    onward(page, "Make the page for your head")
    with page.expect_download() as download:
        press(page, "Save the page for your head")
    assert b"coaching cycles" in Path(download.value.path()).read_bytes()
    press(page, "I am done")
    expect(page.locator("h2:focus, h3:focus")).to_have_text("You are done")
    states = page.locator(".ect-steps button").all_inner_texts()
    done = {k for k, text in enumerate(states, 1) if "done" in text}
    assert {1, 3, 4, 5, 6} <= done, states
    assert "look again" in states[1]  # what was used in step 5 has changed the plan since
    assert "done" not in states[7]  # it was stopped


@browser
def test_what_the_planner_finds_is_what_the_command_line_finds(small: Page) -> None:
    from ectsim.planner.enough import enough
    from ectsim.scenario import load

    page, small_school = small, load(QUIET)
    at(page, "How much is enough")
    page.get_by_label("How many cycles?").first.select_option("85 of 100")
    page.get_by_label("How often?").select_option("in every second year")
    page.get_by_role("button", name="Find the cheapest").click()
    expect(page.locator(".ect-status p")).to_contain_text("Done.", timeout=PATIENCE)
    found = enough(small_school, target=0.85, confidence=0.5, replications=20)
    assert found.answer is not None
    words = found.answer.package.words()
    expect(page.get_by_text(f"Enough: {words}.", exact=True)).to_be_visible()
    expect(page.get_by_text(f"In {found.answer.met} of 20 simulated years")).to_be_visible()
    means = [f"{100 * t.mean:.1f}".removesuffix(".0") for t in found.tried]
    chart = page.locator(".ect-chart:visible")
    chart.get_by_text("Show the numbers").click()
    assert chart.locator("tbody tr td:nth-child(4)").all_inner_texts() == means
    # used, it is the plan; the answer stays good, and Undo brings the old plan back
    before = value(page)
    page.get_by_role("button", name="Use this", exact=True).click()
    expect(page.locator(".ect-status p")).to_have_text(SETTLED, timeout=PATIENCE)
    assert value(page) == pytest.approx(sum(found.answer.values[:20]) / 20)
    assert value(page) != before
    expect(page.get_by_text("as it was before your last change")).to_have_count(0)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(number(page)).to_have_attribute("data-value", str(before), timeout=PATIENCE)
    # stress, in the same years; Stop ends it at once and keeps what stands
    at(page, "Stress it")
    page.get_by_role("button", name="See what would break it").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".ect-status p")).to_contain_text("Stopped")
    page.get_by_label("How many cycles?").locator("visible=true").select_option("95 of 100")
    page.get_by_role("button", name="See what would break it").click()
    expect(page.get_by_text("What would help", exact=True)).to_be_visible(timeout=PATIENCE)
    shown = page.locator(".ect-chart:visible")
    expect(shown.get_by_role("heading")).to_contain_text("What costs most: ")
    assert violations(page) == []
    # a change of the plan is said where an answer was for another
    choices(page)
    page.get_by_role("radio", name="Nearly always").check()
    expect(page.locator(".ect-steps button", has_text="Stress")).to_contain_text("look again")
    at(page, "Stress it")
    expect(
        page.get_by_text("as it was before your last change").locator("visible=true")
    ).to_be_visible()


@browser
def test_slots_are_found_and_go_into_everybodys_calendar(small: Page) -> None:
    page = small
    at(page, "Find slots")
    expect(page.get_by_text("No weekday loses more dates")).to_be_visible(timeout=PATIENCE)
    chart = page.locator(".ect-chart:visible").first
    chart.get_by_text("Show the numbers").click()
    expect(chart.get_by_text("cover takes the meeting").first).to_be_visible()
    before = settled(page)
    page.get_by_role("button", name="Choose slots for all pairs").click()
    page.get_by_role("button", name="Use these slots").click(timeout=PATIENCE)
    settled(page, before)
    first = page.get_by_role("row", name=re.compile("^E1 with M1")).locator("td").first.inner_text()
    at(page, "Page for the head")
    name, content = saved(page, "Calendars for everybody (iCal)")
    assert name.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {n for n in archive.namelist() if "E1" in n}
        assert b"SUMMARY:Coaching meeting with M1" in archive.read("E1.ics")
    # the plan's file brings school and slots back, on a page that showed another
    name, plan = saved(page, "Save this plan")
    shown = value(page)
    at(page, "Describe")
    for _ in range(12):
        if page.get_by_role("button", name="Go on with a plan").is_visible():
            break
        page.get_by_role("button", name="Back", exact=True).click()
        page.wait_for_timeout(60)
    page.get_by_role("button", name="Back to the sample school").click()
    expect(page.get_by_text("96 staff")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Go on with a plan").click()
    page.get_by_label("Open a plan that you saved").set_input_files(file(name, plan))
    expect(number(page)).to_have_attribute("data-value", str(shown), timeout=PATIENCE)
    choices(page)
    page.get_by_role("button", name="The slots of each pair").click()
    row = page.get_by_role("row", name=re.compile("^E1 with M1")).locator("td").first
    assert row.inner_text().split(" (")[0] == first.split(" (")[0]


@browser
def test_only_results_are_printed(opened: Page) -> None:
    at(opened, "Stress it")
    opened.emulate_media(media="print")
    for text in ("Expect about", "That makes 190, the number due.", "Nobody is scored or ranked.", "seed 1"):  # fmt: skip
        expect(opened.get_by_text(text).locator("visible=true").first).to_be_visible()
    assert (
        opened.locator("button:visible, input:visible, select:visible, summary:visible").count()
        == 0
    )
    for hidden in (".ect-journey", ".ect-status", ".ect-bar", "#ect-task-stress"):
        assert not opened.locator(hidden).first.is_visible(), hidden
    opened.emulate_media(media="screen")
    expect(opened.locator("#ect-task-stress")).to_be_visible()


@browser
def test_a_run_is_stopped_and_what_stands_stays(opened: Page) -> None:
    choices(opened)
    opened.get_by_role("button", name="More choices").click()
    opened.get_by_label("How many years shall be simulated?").select_option("1,000")
    stop = opened.get_by_role("button", name="Stop")
    stop.wait_for()
    expect(opened.locator(".ect-status p")).to_contain_text(
        re.compile(r"[1-9]\d* of 1000 simulated years done")
    )
    started = time.perf_counter()
    stop.click()
    expect(opened.get_by_text("Stopped after")).to_be_visible()
    assert time.perf_counter() - started < 1.5  # the spoken line follows with a pause
    shown = number(opened).get_attribute("data-n")
    opened.wait_for_timeout(700)
    assert number(opened).get_attribute("data-n") == shown
    assert 0 < int(shown or 0) < 1000
    opened.get_by_label("How many years shall be simulated?").select_option("20, a quick look")
    settled(opened)


@browser
def test_a_tight_part_given_up_is_said(opened: Page) -> None:
    before = settled(opened)
    choices(opened)
    opened.get_by_role("button", name="Parts of the programme").click()
    opened.get_by_role("checkbox", name="The mentor shows the step").uncheck()
    settled(opened, before)
    said = "This plan gives up the mentor's model"
    expect(opened.locator(".ect-caution").filter(has_text=said)).to_be_visible()
    at(opened, "Where did they go")
    for chart in opened.locator(".ect-chart:visible").all():
        expect(chart.locator(".ect-warned")).to_contain_text(said)
    at(opened, "Page for the head")
    _, content = saved(opened, "Save the scenario (TOML)")
    assert b"gives up the mentor's model" in content.splitlines()[0]


# --- the files --------------------------------------------------------------------------------


def choose(page: Page, **files: Any) -> None:
    if not page.get_by_label("Your timetable", exact=True).is_visible():
        page.get_by_role("button", name="Use your own timetable").click()
    names = {"timetable": "Your timetable", "roster": "Your roster", "calendar": "Your term dates"}
    for role, file in files.items():
        page.get_by_label(names[role], exact=role == "timetable").set_input_files(file)
        expect(page.locator(f"#ect-{role}-note")).to_contain_text("B")


def read(page: Page) -> None:
    page.get_by_role("button", name="Read these files").click()


@browser
@pytest.mark.real
def test_a_real_school(opened: Page, real_data: Path) -> None:
    choose(
        opened,
        timetable=real_data / "timetables/sims_staff_timetable.csv",
        roster=real_data / "timetables/sims_roster.csv",
        calendar=real_data / "calendars/staffordshire_2025-26.csv",
    )
    before = settled(opened)
    read(opened)
    expect(opened.get_by_text("96 staff, 3,747 filled cells, 3,100 lessons")).to_be_visible()
    expect(opened.get_by_text("T089/T010 have no common free period")).to_be_visible()
    expect(opened.get_by_text("190 pupil days; 172 coaching cycles are due")).to_be_visible()
    settled(opened, before)
    at(opened, "Where did they go")
    expect(opened.locator("p").filter(has_text="That makes 172, the number due.")).to_be_visible()
    at(opened, "Describe")
    assert opened.locator("pre").first.inner_text().startswith("e1-2021-x")
    opened.get_by_role("button", name="Back to the sample school").click()
    expect(opened.get_by_text("made up, so that")).to_be_visible()
    opened.get_by_role("button", name="Show your own school again").click()
    expect(opened.get_by_text("172 coaching cycles are due")).to_be_visible()


def own_school(staff: dict[str, str] | None = None, code: str = "7A") -> bytes:
    """Return a small long table: two people, a code that nobody knows, free periods."""
    names = staff or {}
    lines = ["week,day,period,staff,class,subject,room"]
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri"):
        for period in range(1, 6):
            for who in ("ABC", "DEF"):
                if period <= 3:
                    cell = code if who == "ABC" and period == 3 else "7A/Sc"
                    lines.append(f'1,{day},{period},"{names.get(who, who)}","{cell}",Science,R1')
    return "\n".join(lines).encode()


ROSTER = b"staff,role,induction_year,fte,department,mentor\nABC,ect,1,1.0,Science,DEF\nDEF,mentor,,1.0,Science,\n"


def file(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "text/csv", "buffer": content}


@browser
def test_hostile_names_stay_text(opened: Page) -> None:
    names = {"ABC": IMAGE.replace('"', ""), "DEF": FORMULA}
    roster = ROSTER.replace(b"ABC", IMAGE.encode()).replace(b"DEF", FORMULA.encode())
    before = settled(opened)
    choose(
        opened,
        timetable=file(f"{IMAGE}.csv", own_school(names, code=CODE)),
        roster=file(f"{FORMULA.replace('/', '_')}.csv", roster),
    )
    read(opened)
    expect(opened.get_by_text("What was read")).to_be_visible()
    settled(opened, before)
    # the code is asked for by its name, as text; the answer is taken
    code = opened.get_by_role("row").filter(has=opened.get_by_role("combobox"))
    expect(code.first).to_contain_text(CODE)
    code.first.get_by_role("combobox").select_option("duty")
    opened.get_by_role("button", name="Read again").click()
    expect(code).to_have_count(0)
    # a plan with such a name goes in and out
    settled(opened)
    at(opened, "Page for the head")
    _, plan = saved(opened, "Save the scenario (TOML)")
    named = re.sub(rb'name = ".*"', f'name = "{FORMULA} {IMAGE}"'.encode(), plan, count=1)
    at(opened, "Describe")
    opened.get_by_role("button", name="Go on with a plan").click()
    opened.get_by_label("Open a plan that you saved").set_input_files(file("a.toml", named))
    opened.wait_for_timeout(500)
    settled(opened)
    at(opened, "Page for the head")
    _, table = saved(opened, "Save the results (CSV)")
    assert f"'{FORMULA} {IMAGE}" in table.decode("utf-8-sig")
    assert f",{FORMULA}" not in table.decode("utf-8-sig")
    _, result = saved(opened, "Save the results (JSON)")
    assert json.loads(result)["scenario"] == f"{FORMULA} {IMAGE}"
    assert opened.locator("img").count() == 0


@browser
def test_a_broken_upload_says_one_line_and_keeps_everything(opened: Page) -> None:
    shown = settled(opened)
    choose(opened, timetable=file("t.csv", b"week,day,period\n1,Mon,1\n"))
    read(opened)
    summary = opened.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_be_focused()
    line = opened.locator("#ect-timetable-error")
    expect(line).to_contain_text("t.csv")
    assert "\n" not in line.inner_text()
    summary.get_by_role("link").press("Enter")
    expect(opened.get_by_label("Your timetable", exact=True)).to_be_focused()
    assert opened.locator(".ect-status p").inner_text() == shown
    # the roster's fault stands at the roster
    choose(opened, timetable=file("t.csv", own_school()), roster=file("r.csv", b"staff,role\nX\n"))
    read(opened)
    expect(opened.locator("#ect-roster-error")).to_contain_text("r.csv")
    choose(opened, roster=file("r.csv", ROSTER))
    read(opened)
    expect(opened.get_by_text("2 staff, ").first).to_be_visible()
    expect(summary).to_have_count(0)


@browser
@pytest.mark.parametrize("button", ["Save this plan", "Save the scenario (TOML)"])
def test_a_plan_is_saved_and_opened(opened: Page, button: str) -> None:
    before = settled(opened)
    choices(opened)
    opened.get_by_role("radio", name="Each pair has a slot").check()
    with_slots = settled(opened, before)
    opened.get_by_role("checkbox", name="Keep a reserve slot").check()
    kept = settled(opened, with_slots)
    shown, code = value(opened), opened.locator("pre").first.inner_text()
    at(opened, "Page for the head")
    name, plan = saved(opened, button)
    opened.get_by_role("button", name="Back to the start").click()
    expect(opened.locator(".ect-status p")).to_have_text(before, timeout=PATIENCE)
    at(opened, "Describe")
    opened.get_by_role("button", name="Go on with a plan").click()
    opened.get_by_label("Open a plan that you saved").set_input_files(file(name, plan))
    expect(opened.locator(".ect-status p")).to_have_text(kept, timeout=PATIENCE)
    assert value(opened) == shown
    assert opened.locator("pre").first.inner_text() == code
    wrong = (
        b"\xff\xfe\x00",
        b"plan = 3",
        b"format = 1\nschool = '/etc'\n",
        b"[plan]\nmeeting = 4",
        b'{"carried": 3}',
    )
    for content in wrong if "TOML" in button else ():
        opened.get_by_label("Open a plan that you saved").set_input_files(file("w.toml", content))
        expect(opened.get_by_role("alert").filter(has_text="There is a problem")).to_be_visible()
        assert value(opened) == shown


@browser
def test_a_school_of_ones_own_size_is_made_up(opened: Page) -> None:
    before = settled(opened)
    opened.get_by_role("button", name="Make up a school like yours").click()
    for question, text in (("How many teachers", "64"), ("How many ECTs", "2")):
        opened.get_by_label(re.compile(question)).fill(text)
        opened.get_by_label(re.compile(question)).press("Tab")
    opened.get_by_role("button", name="Take this school").click()
    expect(opened.get_by_text("64 staff, 2 ECTs")).to_be_visible(timeout=PATIENCE)
    settled(opened, before)
    opened.get_by_role("radio", name="A primary school").check()
    opened.get_by_role("button", name="Take this school").click()
    expect(opened.get_by_text("21 staff, 2 ECTs")).to_be_visible(timeout=PATIENCE)


# --- reading with eyes, ears and small screens ------------------------------------------------


@browser
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_in_any_step(small: Page, mode: str) -> None:
    page = small
    page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
    before = settled(page)
    choices(page)
    page.get_by_role("radio", name="Each pair has a slot").check()
    settled(page, before)
    at(page, "How much")
    page.get_by_label("How often?").select_option("in every second year")
    page.get_by_role("button", name="Find the cheapest").click()
    expect(page.locator(".ect-chart:visible").first).to_be_visible(timeout=PATIENCE)
    at(page, "Check hours")
    at(page, "Find slots")
    page.get_by_role("button", name="Choose slots").click()
    page.get_by_role("button", name="Use these slots").wait_for(timeout=PATIENCE)
    for fold in page.locator(".ect-fold-button").all():
        fold.evaluate("b => b.click()")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for width in (1280, 320):
        for step in STEPS:
            if width == 320:
                page.locator(".ect-steps-toggle").click()
            at(page, step)
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(120)
            assert violations(page) == [], (step, width)
            overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{step}: {overflow} px too wide at {width} px"
        page.set_viewport_size({"width": 320, "height": 800})
    page.set_viewport_size({"width": 1280, "height": 720})


# --- accidents --------------------------------------------------------------------------------


def workers(running: Running) -> list[int]:
    """Return the processes that simulate: forked from the service's fork server."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:
                continue
    service = running.children("ectsim.service")
    middle = [pid for pid, parent in parents.items() if parent in service]
    return [pid for pid, parent in parents.items() if parent in middle]


@browser
def test_a_worker_may_die_in_the_middle(opened: Page, served: Running) -> None:
    before = settled(opened)
    choices(opened)
    opened.get_by_role("button", name="More choices").click()
    opened.get_by_label("Which set of years").fill("77")
    opened.get_by_label("Which set of years").press("Tab")
    found = workers(served)
    assert found
    os.kill(found[0], signal.SIGKILL)
    settled(opened, before)
    assert number(opened).get_attribute("data-n") == "20"


@browser
def test_the_service_may_die_in_the_middle(opened: Page, served: Running) -> None:
    settled(opened)
    choices(opened)
    opened.get_by_role("button", name="More choices").click()
    opened.get_by_label("Which set of years").fill("78")
    opened.get_by_label("Which set of years").press("Tab")
    for pid in served.children("ectsim.service"):
        os.kill(pid, signal.SIGKILL)
    line = opened.locator(".ect-status p")
    expect(line).to_have_text(re.compile(r"simulated years\.$|does not answer"), timeout=PATIENCE)
    assert number(opened).is_visible()  # the last good result stays
    again = opened.get_by_role("button", name="Try again")
    if again.is_visible():
        again.click()
    settled(opened)


@browser
def test_a_dead_kernel_is_said(opened: Page, served: Running) -> None:
    kernel = opened.evaluate(
        "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
    )
    (pid,) = served.children(kernel)
    pulse = opened.locator(".ect-pulse")
    expect(pulse).to_have_text("Connected")
    choices(opened)
    os.kill(pid, signal.SIGSTOP)  # it lives and says nothing
    expect(pulse).to_contain_text("No answer for a while", timeout=25_000)
    os.kill(pid, signal.SIGCONT)
    expect(pulse).to_have_text("Connected", timeout=15_000)
    os.kill(pid, signal.SIGKILL)
    banner = opened.get_by_role("alert").filter(has_text="This session has ended.")
    expect(banner).to_be_visible()
    assert number(opened).is_visible()
    opened.get_by_role("button", name="More choices").click()  # what is folded still opens
    expect(opened.get_by_text("How long is a meeting?")).to_be_visible()
    banner.get_by_role("button", name="Start again").click()
    settled(opened)


# --- without a browser ------------------------------------------------------------------------


def broken() -> list[tuple[list[tuple[str, str, bytes]], Any]]:
    """Return a hundred uploads that cannot be read: (parts, codes)."""
    good, roster = own_school(), ROSTER
    out: list[tuple[list[tuple[str, str, bytes]], Any]] = []
    contents = [
        b"", b"\0", b"\xff" * 40, b"PK\x03\x04", b"PK\x03\x04" + b"x" * 300, b"%PDF-1.7", b"GIF89a",
        b"\xd0\xcf\x11\xe0" + b"\0" * 600, b"{}", b"[1, 2]", b"<html></html>", b"<fet></fet>", b"a,b\n1,2\n",
        b"week,day,period,staff\n", b"day,period,staff,kind\nMon,1,A\n", b"day,period,staff,kind\nXxx,1,A,lesson\n",
        b"day,period,staff,kind\nMon,1,A,nonsense\n", b"day,period,staff,kind\nMon,1,,lesson\n",
        b"week,day,period,staff,kind\n9,Mon,1,A,lesson\n", b'day,period,staff,kind\nMon,1,"A,lesson\n',
        b"day,period,staff,kind\nMon,1,A,lesson\nMon,1,A,free\n", b"Timetable - X\n", IMAGE.encode(), FORMULA.encode(),
        "day,period,staff,kind\nMon,1,\u202eA\x07,lesson\n".encode(),
    ]  # fmt: skip
    for content in contents:  # as a timetable, and as the files beside a good one
        out.append(([("timetable", "t.csv", content)], {}))
        out.append(([("timetable", "t.csv", good), ("roster", "r.csv", content)], {}))
        out.append(([("timetable", "t.csv", good), ("calendar", "c.csv", content)], {}))
    for wrong in (b"X", b"ABC,ect,1,1.0,Science,NOBODY", b"ABC,boss,1,1,S,DEF", b"ABC,ect,9,1,S,DEF",
                  b"ABC,ect,1,7,S,DEF", b"ABC,ect,1,1,S,ABC", b"ABC,ect,1,1,S,DEF\nABC,ect,1,1,S,DEF"):  # fmt: skip
        head = roster.splitlines()[0] + b"\n"
        out.append(([("timetable", "t.csv", good), ("roster", "r.csv", head + wrong)], {}))
    for codes in ({"7A": "nonsense"}, {"7A": IMAGE}, {"": "lesson"}, {"x" * 5000: "duty\n[codes]"}):
        out.append(
            (
                [
                    ("timetable", "t.csv", b"day,period\n"),
                ],
                codes,
            )
        )
    out.append(([("roster", "r.csv", roster)], {}))
    out.append(([("nonsense", "t.csv", good)], {}))
    out.append(([], {}))
    for name in (
        "../../../etc/passwd",
        "C:\\con",
        "a\0b",
        "x" * 500,
        IMAGE,
        FORMULA,
        "",
        ".",
        "..",
        " ",
    ):
        out.append(([("timetable", name, b"no table\n")], {}))
    extra = 100 - len(out)
    out += [([("timetable", "t.csv", good[: 30 + 3 * k] + b"\x01")], {}) for k in range(extra)]
    return out[:100]


def test_a_hundred_broken_uploads_give_a_line_each(caplog: pytest.LogCaptureFixture) -> None:
    from ectsim.app.handlers import handlers
    from ectsim.service import Service

    answers: list[str] = []

    async def work() -> None:
        pool = lambda: ThreadPoolExecutor(1)  # noqa: E731 - a name for the two places below
        async with Service(handlers, pool=pool, desk=pool) as service:
            client = Client(service.address, service.secret)
            for parts, codes in broken():
                data = {"parts": [{"role": r, "name": n, "size": len(c)} for r, n, c in parts]}
                body = b"".join(c for _, _, c in parts)
                try:
                    reply = await client.ask("upload", {**data, "codes": codes}, body=body)
                except InputError as error:
                    answers.append(str(error))
                except ServiceError as error:
                    answers.append(f"NOT SAID: {parts!r:.300} {error}")
                else:
                    answers.append(f"TAKEN: {parts!r:.300} {reply.data!r:.200}")
            await client.close()

    go(work())
    assert len(answers) == 100
    assert [a for a in answers if a.startswith(("NOT SAID", "TAKEN"))] == []
    assert [a for a in answers if "\n" in a or "Traceback" in a or "/tmp" in a] == []
    assert "Traceback" not in caplog.text


def test_what_is_filled_in_is_what_the_model_begins_with() -> None:
    from ectsim import desk
    from ectsim.app.handlers import uploads
    from ectsim.app.pages import coordinator_words as words

    school = desk.describe({"school": "default"}, uploads())
    leaves = school["plans"]["found_time"]
    for name, default in words.DEFAULTS.items():
        if name == "plan.cover.supervisors":
            assert default == school["supervisors"]
        elif name.startswith("conditions."):
            assert default == school["parameters"][name]["default"], name
        elif "." in name:
            assert default == leaves[name], name
    assert leaves["plan.recovery"] == ["common_free", "before_after"]
    for name in words.DEFAULTS:
        assert "." not in name or name in school["parameters"], name


def test_the_three_lines_of_python_run(capsys: pytest.CaptureFixture[str]) -> None:
    from ectsim.app.pages import coordinator_words as words
    from ectsim.scenario import load

    code = load("default").code(1)
    exec("\n".join(words.python_lines(code, 2, 1, own=False)), {})
    assert "'mean'" in capsys.readouterr().out


def test_words_of_the_importer_lose_their_options() -> None:
    from ectsim.app.pages.coordinator_words import plain

    assert plain("the shipped one is used; give your own with --calendar") == (
        "The shipped one is used; choose your own above."
    )
    assert "--" not in plain(
        "codes are taken for duty: BD; an empty cell is free; --codes overrides"
    )
    assert "--" not in plain("no pairs: import again with --roster, a CSV with the columns staff")


def test_fets_own_file_goes_beside_its_export(tmp_path: Path) -> None:
    from ectsim import desk
    from tests.timetables.exports import fet_csv, fet_input

    parts = [
        ("timetable", "mine.csv", fet_csv().encode()),
        ("fet", "other.fet", fet_input().encode()),
    ]
    without = desk.import_upload(parts[:1], {}, str(tmp_path), "up-1")
    beside = desk.import_upload(parts, {}, str(tmp_path), "up-2")
    assert beside["staff"] == without["staff"]
    assert "to be sure" not in " ".join(beside["assumptions"])
    with pytest.raises(InputError, match="FET"):  # its input alone says what to give instead
        desk.import_upload(
            [("timetable", "a.fet", fet_input().encode())], {}, str(tmp_path), "up-3"
        )


def test_stress_on_the_service_is_that_of_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ectsim import desk_plans
    from ectsim.app.handlers import uploads
    from ectsim.planner import stress as module
    from ectsim.planner.stress import stress
    from ectsim.scenario import load

    plan = {"school": "quiet", "plan": "found_time", "seed": 1, "replications": 2}
    plan["changes"] = {"conditions.sickness_days": 15.0, "conditions.slip_found": 0.9}
    kinds = module._kinds
    monkeypatch.setattr(module, "_kinds", lambda of: [k for k in kinds(of) if k][:2])  # for speed
    told: list[tuple[int, int]] = []
    with ThreadPoolExecutor(1) as pool:
        found = desk_plans.stress(
            plan, uploads(), pool, lambda done, total: told.append((done, total))
        )
    own = stress(load(QUIET), target=0.8, replications=2).to_dict()
    assert [h["code"] for h in found["worst"]] == [h["code"] for h in own["worst"]]
    assert [h["loss"] for h in found["worst"]] == [h["loss"] for h in own["worst"]]
    assert found["base"] == own["base"]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    used = found["worst"][0]["remedies"][0]["use"]
    assert used["values"]["conditions.sickness_days"] == 15.0  # the remedy without the shock

"""The coordinator's dashboard in a real browser: the numbers, the choices, the files, the accidents."""

from __future__ import annotations

import json
import os
import re
import signal
import time
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

IMAGE = "<img src=x onerror=alert(1)>"
CODE = "<b onclick=f(2)>"
FORMULA = "=cmd|' /C calc'!A0"
PRELOAD = ["ectsim.desk", "ectsim.model.year", "ectsim.story"]
SETTLED = re.compile(r"simulated years\.$")
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
    assert "Traceback" not in "".join(running.errors)


def settled(page: Page, before: str = "") -> str:
    """Wait until the estimate is done, and return the line that says so."""
    line = page.locator(".ect-status p")
    if before:
        expect(line).not_to_have_text(before, timeout=40_000)
    expect(line).to_have_text(SETTLED, timeout=40_000)
    return line.inner_text()


@pytest.fixture
def opened(served: Running, page: Page) -> Iterator[Page]:
    """A page of its own, closed as a person closes a tab: that gives its place back."""
    page.goto(served.url + YEARS)
    expect(page.get_by_text("made up")).to_be_visible(
        timeout=60_000
    )  # a busy machine starts slowly
    settled(page)
    yield page
    if not page.is_closed():
        page.close(run_before_unload=True)


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
    bars = opened.locator(".ect-chart").filter(has_text="That makes 190, the number due.")
    bars.get_by_text("Show the numbers").click()
    counts = [int(c.inner_text()) for c in bars.locator("tbody tr td:nth-child(2)").all()]
    assert sum(counts[:-1]) == counts[-1] == 190
    hundreds = [int(c.inner_text()) for c in bars.locator("tbody tr td:nth-child(3)").all()]
    assert sum(hundreds[:-1]) == hundreds[-1] == 100
    for chart in opened.locator("svg[role=img]").all():
        names = (chart.get_attribute("aria-labelledby") or "").split()
        assert names
        for name in names:  # the week strip comes a moment after the estimate
            expect(opened.locator(f"#{name}")).not_to_have_text("")
    text = opened.evaluate(
        "[...document.querySelectorAll('pre')].forEach(e => e.remove()); document.body.innerText"
    )
    assert "replication" not in text.lower()


@browser
def test_the_digits_are_those_of_the_command_line(
    opened: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    from ectsim.cli import run

    opened.get_by_role("radio", name="For one more week").check()
    settled(opened, opened.locator(".ect-status p").inner_text())
    code = opened.locator("pre").first.inner_text()
    assert code in opened.url.replace("%2D", "-")
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
    expect(opened.get_by_role("radio", name="For one more week")).to_be_checked(timeout=30_000)
    settled(opened)
    assert value(opened) == before


@browser
def test_the_keyboard_alone(opened: Page) -> None:
    start = settled(opened)
    assert opened.get_by_role("button", name="Undo", exact=True).is_disabled()
    # choose a slot, protect it, undo, redo
    opened.get_by_role("radio", name="They find a time themselves").focus()
    opened.keyboard.press("ArrowDown")
    slots = settled(opened, start)
    assert "starting plan" in slots
    expect(opened.get_by_role("group", name="May a mentor be called")).to_be_visible()
    opened.keyboard.press("Tab")  # the next question's reason, or its options
    for _ in range(6):
        if opened.evaluate("document.activeElement.type") == "radio":
            break
        opened.keyboard.press("Tab")
    opened.keyboard.press("ArrowDown")
    expect(opened.get_by_role("radio", name="Only when nobody else is free").first).to_be_checked()
    settled(opened)
    for name, shown in (("Undo", slots), ("Undo", start), ("Redo", slots)):
        opened.get_by_role("button", name=name, exact=True).focus()
        opened.keyboard.press("Enter")
        expect(opened.locator(".ect-status p")).to_have_text(shown, timeout=30_000)
    # a number by typing; what is wrong stands at the field
    days = opened.get_by_role("textbox", name=re.compile("days is a teacher ill"))
    days.focus()
    opened.keyboard.press("Control+A")
    opened.keyboard.type("many")
    opened.keyboard.press("Tab")
    expect(opened.get_by_text("enter a number").first).to_be_visible()
    days.focus()
    opened.keyboard.press("Control+A")
    opened.keyboard.type("9.3")
    opened.keyboard.press("Enter")
    ill = settled(opened, slots)
    # a fix is used, a week is read, all by keys
    use = opened.get_by_role("button", name="Use this").first
    expect(opened.get_by_text(re.compile("better|too close to call|worse")).first).to_be_visible(
        timeout=30_000
    )
    use.focus()
    opened.keyboard.press("Enter")
    settled(opened, ill)
    week = opened.get_by_label("Show week")
    week.focus()
    opened.keyboard.type("9")
    expect(opened.get_by_role("heading", name=re.compile("^Week 9, from Monday"))).to_be_visible()
    opened.get_by_role("button", name="Next week that differs").focus()
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("heading", name=re.compile("^Week 9, from"))).to_have_count(0)
    opened.get_by_role("button", name="Back to the start").focus()
    opened.keyboard.press("Enter")
    expect(opened.locator(".ect-status p")).to_have_text(start, timeout=30_000)


@browser
def test_a_run_is_stopped_and_what_stands_stays(opened: Page) -> None:
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
    opened.get_by_role("button", name="Parts of the programme").click()
    opened.get_by_role("checkbox", name="The mentor shows the step").uncheck()
    settled(opened, before)
    said = "This plan gives up the mentor's model"
    expect(opened.locator(".ect-caution").filter(has_text=said)).to_be_visible()
    for chart in opened.locator(".ect-chart:visible").all():
        expect(chart.locator(".ect-warned")).to_contain_text(said)
    _, content = saved(opened, "Save this plan")
    assert b"gives up the mentor's model" in content.splitlines()[0]


# --- the files --------------------------------------------------------------------------------


def choose(page: Page, **files: Any) -> None:
    if not page.get_by_label("Your timetable").is_visible():
        page.get_by_role("button", name="Use your own timetable").click()
    names = {"timetable": "Your timetable", "roster": "Your roster", "calendar": "Your term dates"}
    for role, file in files.items():
        page.get_by_label(names[role]).set_input_files(file)
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
    expect(opened.locator("p").filter(has_text="That makes 172, the number due.")).to_be_visible()
    assert opened.locator("pre").first.inner_text().startswith("e1-2021-x")
    opened.get_by_role("button", name="Back to the sample school").click()
    expect(opened.get_by_text("made up")).to_be_visible()
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
    _, plan = saved(opened, "Save this plan")
    named = re.sub(rb'name = ".*"', f'name = "{FORMULA} {IMAGE}"'.encode(), plan, count=1)
    opened.get_by_label("Open a plan that you saved").set_input_files(file("a.toml", named))
    opened.wait_for_timeout(500)
    settled(opened)
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
    expect(opened.get_by_label("Your timetable")).to_be_focused()
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
def test_a_plan_is_saved_and_opened(opened: Page) -> None:
    before = settled(opened)
    opened.get_by_role("radio", name="Each pair has a slot").check()
    with_slots = settled(opened, before)
    opened.get_by_role("checkbox", name="Keep a reserve slot").check()
    kept = settled(opened, with_slots)
    shown, code = value(opened), opened.locator("pre").first.inner_text()
    name, plan = saved(opened, "Save this plan")
    opened.get_by_role("button", name="Back to the start").click()
    expect(opened.locator(".ect-status p")).to_have_text(before, timeout=30_000)
    opened.get_by_label("Open a plan that you saved").set_input_files(file(name, plan))
    expect(opened.get_by_role("checkbox", name="Keep a reserve slot")).to_be_checked()
    expect(opened.locator(".ect-status p")).to_have_text(kept, timeout=30_000)
    assert value(opened) == shown
    assert opened.locator("pre").first.inner_text() == code
    for wrong in (
        b"\xff\xfe\x00",
        b"plan = 3",
        b"format = 1\nschool = '/etc'\n",
        b"[plan]\nmeeting = 4",
    ):
        opened.get_by_label("Open a plan that you saved").set_input_files(file("w.toml", wrong))
        expect(opened.get_by_role("alert").filter(has_text="There is a problem")).to_be_visible()
        assert value(opened) == shown


# --- reading with eyes, ears and small screens ------------------------------------------------


@browser
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing(opened: Page, mode: str) -> None:
    opened.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
    before = settled(opened)
    opened.get_by_role("radio", name="Each pair has a slot").check()
    settled(opened, before)
    opened.get_by_role("button", name="Use your own timetable").click()
    read_button = opened.get_by_role("button", name="Read these files")
    assert read_button.is_disabled()
    for name in ("Parts of the programme", "More choices", "The slots of each pair"):
        opened.get_by_role("button", name=name).click()
    opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for width in (1280, 320):
        opened.set_viewport_size({"width": width, "height": 800})
        opened.wait_for_timeout(200)
        assert violations(opened) == [], width
        overflow = opened.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{overflow} px too wide at {width} px"
    opened.set_viewport_size({"width": 1280, "height": 720})


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
    opened.get_by_role("button", name="More choices").click()
    opened.get_by_label("Which set of years").fill("78")
    opened.get_by_label("Which set of years").press("Tab")
    for pid in served.children("ectsim.service"):
        os.kill(pid, signal.SIGKILL)
    line = opened.locator(".ect-status p")
    expect(line).to_have_text(re.compile(r"simulated years\.$|does not answer"), timeout=30_000)
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
    for pid in served.children(kernel):
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

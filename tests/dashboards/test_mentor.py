"""The mentor's dashboard in a real browser: the strip, the numbers, Doug's week, a lost week."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import traitlets
from playwright.sync_api import Locator, Page, expect

from ectsim import hour
from ectsim.app.pages import mentor_words as words
from ectsim.app.strip import HourStrip
from tests.dashboards.conftest import Running, chromium
from tests.dashboards.test_browser import violations

PRELOAD = ["ectsim.desk", "ectsim.model.year", "ectsim.story"]
SETTLED = re.compile(r"years of meetings\.$")
YEARS = 20
"""Fewer than a visitor gets, for tests that are not about their number."""

browser = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The dashboard as ``ectsim dashboard`` runs it."""
    chromium()
    running = Running(tmp_path_factory.mktemp("mentor"), name="mentor", visitors=2, preload=PRELOAD)
    yield running
    assert running.stop() == 0
    assert "Traceback" not in "".join(running.errors)


def settled(page: Page, before: str = "") -> str:
    """Wait until the numbers are in, and return the line that says so."""
    line = page.locator(".ect-status p")
    if before:
        expect(line).not_to_have_text(before, timeout=30_000)
    expect(line).to_have_text(SETTLED, timeout=60_000)  # a busy machine starts slowly
    return line.inner_text()


@pytest.fixture
def opened(served: Running, page: Page) -> Iterator[Page]:
    """A page of its own, closed as a person closes a tab: that gives its place back."""
    page.goto(f"{served.url}?years={YEARS}")
    settled(page)
    yield page
    if not page.is_closed():
        page.close(run_before_unload=True)


def value(page: Page, metric: str) -> float:
    found = page.locator(f".ect-figure[data-metric={metric}]")
    return float(found.get_attribute("data-value") or "nan")


def minutes(page: Page) -> list[int]:
    """What the eight fields say."""
    return [int(page.locator(f"#ect-{name}").input_value()) for name in words.NAMES]


def knob(page: Page, left: str, right: str) -> Locator:
    return page.get_by_role("slider", name=f"Boundary between {left} and {right}")


def saved(page: Page, button: Locator) -> bytes:
    with page.expect_download() as download:
        button.click()
    return Path(download.value.path()).read_bytes()


def chart(page: Page, heading: str) -> Locator:
    return page.locator(".ect-chart").filter(
        has=page.get_by_role("heading", name=re.compile(heading))
    )


@browser
def test_it_opens_with_the_numbers_of_the_model(opened: Page) -> None:
    assert opened.title() == "Cut your coaching hour - ectsim"
    assert opened.locator("h1").count() == 1
    assert minutes(opened) == [words.DEFAULTS[name] for name in words.NAMES]
    runs = hour.simulate_hours(hour.Cut().scenario(), 1, range(YEARS))
    found = hour.hour_dict(hour.Cut(), runs, 1)
    for who, measures in found["who"].items():
        for name, m in measures.items():
            assert value(opened, f"{who}_{name}") == m["mean"]
    for each in opened.locator("[data-metric]").all():
        low, high, n = (each.get_attribute(f"data-{k}") for k in ("lo", "hi", "n"))
        assert float(low or "nan") <= float(high or "nan")
        assert int(n or 0) == YEARS
    expect(opened.get_by_role("heading", name="Doug: 38 cycles happen")).to_be_visible()
    for picture in opened.locator("svg[role=img]").all():
        for name in (picture.get_attribute("aria-labelledby") or "").split():
            expect(opened.locator(f"#{name}")).not_to_have_text("")
    for box in opened.locator(".ect-chart:visible").all():
        assert box.locator("p").first.inner_text().endswith(".")
        assert box.locator("table").count() == 1
        names = [b.inner_text() for b in box.get_by_role("button").all()]
        assert names == ["Save as PNG", "SVG", "CSV"]
    opened.get_by_role("button", name="Where do these numbers come from?").click()
    table = opened.get_by_role("table", name="Every number that the hour rests on")
    expect(table.get_by_role("row").filter(has_text="How long is the meeting")).to_contain_text(
        "from a source"
    )
    expect(table.get_by_role("row").filter(has_text="F179")).to_contain_text("assumption")
    text = opened.locator("body").inner_text().lower()
    assert "replication" not in text
    assert "nothing about pupils" in text


@browser
def test_the_keyboard_alone(opened: Page) -> None:
    start = settled(opened)
    between = knob(opened, "practise", "other mentoring")
    between.focus()
    for _ in range(4):
        opened.keyboard.press("ArrowRight")
    expect(between).to_have_attribute(
        "aria-valuetext", "Practise 12 minutes, Other mentoring 14 minutes"
    )
    more = settled(opened, start)
    assert minutes(opened)[6:] == [12, 14]
    assert value(opened, "practised_reps") >= 3
    expect(opened.get_by_text("The practice holds 3 rehearsals of 4.")).to_be_visible()
    assert "The usual cut: 2." in opened.locator(".ect-tiles").first.inner_text()
    opened.keyboard.press("PageUp")
    expect(between).to_have_attribute("aria-valuenow", "41")
    opened.keyboard.press("End")
    expect(between).to_have_attribute("aria-valuenow", "60")
    assert sum(minutes(opened)) == 60
    for name in ("Undo", "Undo"):
        opened.get_by_role("button", name=name, exact=True).focus()
        opened.keyboard.press("Enter")
    # by numbers: the difference is other mentoring's; what cannot be is said at the field
    opened.get_by_role("button", name="Back to the usual cut").focus()
    opened.keyboard.press("Enter")
    expect(opened.locator("#ect-practise")).to_have_value("8")
    settled(opened)
    field = opened.get_by_role("textbox", name=re.compile("^5 Model"))
    field.focus()
    opened.keyboard.press("Control+A")
    opened.keyboard.type("10")
    opened.keyboard.press("Enter")
    expect(opened.locator("#ect-other")).to_have_value("14")
    expect(knob(opened, "share step", "model")).to_have_attribute("aria-valuetext", re.compile("Model 10 minutes$"))  # fmt: skip
    opened.keyboard.press("Control+A")
    opened.keyboard.type("40")
    opened.keyboard.press("Enter")
    problem = opened.get_by_role("alert").get_by_role("link", name=re.compile("only 14 minutes can be taken"))  # fmt: skip
    expect(problem).to_be_visible()
    assert minutes(opened)[4] == 10
    opened.keyboard.press("Tab")
    settled(opened)
    # Doug, by arrow keys
    opened.get_by_role("radio", name=re.compile("Stay with a topic")).focus()
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("ArrowDown")
    expect(opened.get_by_text("gives up steps from studied content only").first).to_be_visible()
    # a lost week, by typing its number
    lose = opened.get_by_label("Which week is lost?")
    lose.focus()
    opened.keyboard.type("week 4")
    expect(opened.get_by_role("heading", name="What follows from losing week 4")).to_be_visible()
    assert more


@browser
def test_a_knob_is_dragged_and_a_tight_part_given_up_is_said_everywhere(opened: Page) -> None:
    before = settled(opened)
    between = knob(opened, "practise", "other mentoring")
    box = between.bounding_box()
    bar = opened.locator(".ect-hour-bar").bounding_box()
    assert box
    assert bar
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.mouse.down()
    opened.mouse.move(bar["x"] + bar["width"] * 38 / 60, box["y"], steps=4)
    opened.mouse.up()
    settled(opened, before)
    assert minutes(opened)[6:] == [4, 22]
    banner = "This plan gives up the second rehearsal"
    expect(opened.locator(".ect-caution").filter(has_text=banner)).to_be_visible()
    expect(opened.get_by_text("leaves minutes for two rehearsals")).to_be_visible()
    assert value(opened, "practised_full") == 0
    assert "cut=15.2.3.4.6.4.4.22.4" in opened.url
    content = saved(opened, opened.get_by_role("button", name="Save the results (CSV)"))
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0][0] == "warning"
    assert rows[0][1].startswith(banner)
    content = saved(opened, opened.get_by_role("button", name="Save the results (JSON)"))
    data = json.loads(content)
    assert data["banner"].startswith(banner)
    cut = hour.Cut(practise=4, other=22)
    usual = hour.simulate_hours(hour.Cut().scenario(), 1, range(YEARS))
    runs = hour.simulate_hours(cut.scenario(), 1, range(YEARS))
    assert data == json.loads(json.dumps(hour.hour_dict(cut, runs, 1, (hour.Cut(), usual))))
    where = chart(opened, "What you plan for 23 minutes")
    assert banner in where.inner_text()
    assert banner.encode() in saved(opened, where.get_by_role("button", name="CSV"))
    picture = saved(opened, where.get_by_role("button", name="SVG")).decode()
    assert banner in re.sub(r"</text><text[^>]*>", " ", picture)
    assert saved(opened, where.get_by_role("button", name="Save as PNG")).startswith(b"\x89PNG")
    # the address brings the hour back
    shown = value(opened, "first_other")
    opened.reload()
    settled(opened)
    expect(opened.locator("#ect-practise")).to_have_value("4")
    settled(opened)
    expect(opened.locator(".ect-caution").filter(has_text=banner)).to_be_visible()
    assert value(opened, "first_other") == shown


@browser
def test_no_model_nothing_to_analyse_and_other_mentoring_apart(opened: Page) -> None:
    before = settled(opened)
    opened.locator("#ect-model").fill("0")
    opened.locator("#ect-model").press("Enter")
    settled(opened, before)
    assert minutes(opened) == [15, 2, 3, 4, 0, 0, 8, 28]
    expect(opened.get_by_text("gives up the mentor's model").first).to_be_visible()
    opened.get_by_role("button", name="Undo", exact=True).click()
    expect(opened.locator("#ect-analyse")).to_have_value("4")
    settled(opened)
    opened.get_by_role("button", name="More choices").click()
    line = settled(opened)
    opened.get_by_role("radio", name="At a second time of its own").check()
    settled(opened, line)
    assert value(opened, "first_other") == 18
    assert minutes(opened)[7] == 18
    expect(opened.get_by_text("gives up")).to_have_count(0)


@browser
def test_dougs_week_and_a_lost_one(opened: Page) -> None:
    expect(opened.get_by_role("heading", name="Week 24, from Monday 9 March 2026")).to_be_visible()
    expect(opened.get_by_text("waits until that is studied").first).to_be_visible()
    expect(opened.get_by_role("heading", name="Week 25, from Monday 16 March 2026")).to_be_visible()
    expect(opened.get_by_role("heading", name="Every step rests on a module that Doug had studied")).to_be_visible()  # fmt: skip
    opened.get_by_role("radio", name="Coach it anyway").check()
    expect(opened.get_by_role("heading", name=re.compile("^Coached anyway: 8 steps come before"))).to_be_visible()  # fmt: skip
    expect(opened.get_by_text("It counts in part: the topic was not studied yet").first).to_be_visible()  # fmt: skip
    opened.get_by_role("radio", name="Put the meeting off").check()
    expect(opened.get_by_text("The meeting waits too")).to_be_visible()
    opened.get_by_label("Whose year?").select_option("Doug with Sangeita: a question that waits a week")  # fmt: skip
    expect(opened.get_by_text("Doug is in year 1 and is coached by Sangeita")).to_be_visible()
    opened.get_by_label("Which week is lost?").select_option("week 34")
    expect(opened.get_by_text("14 days, not 7")).to_be_visible()
    expect(opened.get_by_text("stays studied and never coached")).to_be_visible()
    expect(opened.get_by_role("heading", name="Doug: 38 cycles happen in this year, 37 without week 34")).to_be_visible()  # fmt: skip
    expect(opened.get_by_role("heading", name="Week 34, from Monday 8 June 2026")).to_be_visible()
    opened.get_by_role("button", name="Week after").click()
    expect(opened.get_by_role("heading", name="Week 35, from Monday 15 June 2026")).to_be_visible()  # fmt: skip
    opened.get_by_role("checkbox", name="Hold the meetings with my hour").check()
    expect(opened.get_by_text("What follows from losing week 34")).to_be_visible()


@browser
def test_axe_finds_nothing(opened: Page) -> None:
    expect(opened.get_by_role("heading", name="Week 25, from Monday 16 March 2026")).to_be_visible()
    while (closed := opened.get_by_role("button", name=re.compile("^▸"))).count():
        closed.first.click()
    for width in (1280, 320):
        opened.set_viewport_size({"width": width, "height": 800})
        opened.wait_for_timeout(400)  # the charts are drawn anew
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("light", "dark"):
            opened.emulate_media(color_scheme=scheme)
            assert violations(opened) == []
    opened.emulate_media(color_scheme="light")


@browser
def test_an_address_that_cannot_be_is_said(served: Running, page: Page) -> None:
    page.goto(f"{served.url}?years={YEARS}&cut=15.0.3.4.6.4.8.20.4")
    expect(page.get_by_text("names an hour that cannot be")).to_be_visible(timeout=60_000)
    page.close(run_before_unload=True)


# --- without a browser ------------------------------------------------------------------------


def test_each_part_that_the_page_can_give_up_has_a_loose_change() -> None:
    from ectsim.plan import Plan

    for changes in ({"observe": False}, {"model": False}, {"reps": 1}, {"gate": "ignore"}):
        (lost,) = Plan.model_validate(changes).given_up
        assert len(words.given_up(f"This plan gives up {lost}")) == 2
    assert words.given_up("") == []


def test_what_is_filled_in_is_what_the_model_begins_with() -> None:
    usual = hour.Cut()
    assert list(hour.BLOCKS) == words.NAMES
    assert [p["label"] for p in words.PARTS] == list(hour.BLOCKS.values())
    for name in (*words.NAMES, "rehearsal", "apart", "total"):
        assert words.DEFAULTS[name] == getattr(usual, name)
    assert words.DEFAULTS["total"] == 60


def test_the_stories_are_those_that_ship() -> None:
    from ectsim.scenario import load

    for name, label in words.STORIES:
        story = load(name).story
        assert story is not None
        assert label.split(" ")[0] == story.names[story.pair]
        assert words.STORY_YEARS.get(name, 1) == story.year


def test_however_it_is_cut_the_parts_add_up_to_the_hour() -> None:
    """Five hundred states of the page's fields: each is a cut that the service takes, or is refused in words."""
    dice = random.Random(1)
    now = dict(words.DEFAULTS)
    refused = 0
    for _ in range(500):
        name = dice.choice([*words.NAMES, "total"])
        low = words.LOWS.get(name, 20)
        made = words.apply(now, name, dice.randint(low, 90 if name == "total" else 60))
        if isinstance(made, str):
            refused += 1
            assert made
            continue
        assert sum(made[n] for n in words.NAMES) == made["total"]
        assert bool(made["model"]) == bool(made["analyse"])
        now = made
        parts = words.parts_now(now)
        HourStrip(parts, [now[n] for n in words.NAMES], label="x")
        if (
            now["total"] - now["visit"] <= hour.LONGEST_MEETING
            and now["total"] - now["visit"] >= 10
        ):
            cut = hour.Cut.read({n: now[n] for n in (*words.NAMES, "rehearsal", "apart")})
            assert cut.total == now["total"]
    assert refused


@pytest.mark.parametrize(
    "sent",
    ["<img>", None, [1], [15, 2, 3, 4, 6, 4, 8, "18"], [15, 2, 3, 4, 6, 4, 8, True],
     [15, 0, 3, 4, 6, 4, 8, 18], [99, 99, 99, 99, 99, 99, 99, 99], [15, 2, 3, 4, 6, 4, 8, -1]],
)  # fmt: skip
def test_the_strip_refuses_what_it_cannot_be(sent: object) -> None:
    strip = HourStrip(words.parts_now(words.DEFAULTS), [15, 2, 3, 4, 6, 4, 8, 18], label="x")
    with pytest.raises(traitlets.TraitError):
        strip.minutes = sent
    assert strip.minutes == [15, 2, 3, 4, 6, 4, 8, 18]


def test_the_lines_of_python_run(capsys: pytest.CaptureFixture[str]) -> None:
    exec("\n".join(words.python_lines({"practise": 12, "other": 14}, 2, 1)), {})
    assert "'reps'" in capsys.readouterr().out

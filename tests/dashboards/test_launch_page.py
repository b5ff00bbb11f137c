"""A launch session and its rescue copy in a real browser: guess, reveal, keep, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ectsim import atlas, launch
from ectsim.rescue import rescue_html
from tests.dashboards.conftest import Running, chromium
from tests.dashboards.test_browser import violations

pytestmark = pytest.mark.browser
PROTECTED = launch.results()["protected"]
FOUND = launch.tradeoffs()["protected"].bands[PROTECTED["band"]][0]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The page as ``ectsim dashboard launch`` runs it."""
    chromium()
    running = Running(tmp_path_factory.mktemp("launch"), name="launch", visitors=2)
    yield running
    assert running.stop() == 0
    assert "Traceback" not in "".join(running.errors)


@pytest.fixture
def opened(served: Running, page: Page) -> Iterator[Page]:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(served.url, timeout=90_000)  # a busy machine starts slowly
    expect(page.get_by_role("button", name="Begin")).to_be_visible(timeout=60_000)
    yield page
    if not page.is_closed():
        page.close(run_before_unload=True)


def more(words: str) -> str:
    return f"One hand more, hands for: {words}"


def shown(page: Page, metric: str, at: int = 0) -> float:
    found = page.locator(f".ect-figure[data-metric={metric}]").nth(at)
    expect(found).to_be_visible()
    return float(found.get_attribute("data-value") or "nan")


def test_the_room_guesses_and_the_same_year_is_revealed(opened: Page) -> None:
    assert opened.title() == "Run a launch session - ectsim"
    expect(opened.get_by_text("What happens when: 60 minutes")).to_be_visible()
    opened.get_by_role("button", name="Begin").click()
    expect(opened.get_by_text("Step 1 of 7, minute 0 to 5")).to_be_visible()
    opened.get_by_role("button", name="Next", exact=True).click()
    expect(opened.get_by_role("timer")).to_have_text("10:00")
    reveal = opened.get_by_role("button", name="Reveal the same year")
    expect(reveal).to_be_disabled()
    # the whole question fits a projector of 1280 x 720
    box = reveal.bounding_box()
    assert box
    assert box["y"] + box["height"] <= 720
    for _ in range(3):
        opened.get_by_role("button", name=more("3 to 9 more")).click()
    opened.get_by_label("Number of hands for: 20 or more").fill("2")
    opened.get_by_label("Number of hands for: 20 or more").press("Tab")
    expect(opened.get_by_text("5 hands, most for “3 to 9 more”.")).to_be_visible()
    reveal.click()
    expect(opened.get_by_role("heading", name="What the model found")).to_be_focused()
    for at, side in enumerate("ab"):
        mean = PROTECTED[side]["metrics"]["completion_any"]["mean"]
        assert shown(opened, "completion_any", at) == mean
    assert shown(opened, "difference_completion_any") == PROTECTED["differences"]["completion_any"]["mean"]  # fmt: skip
    expect(opened.locator(".ect-right")).to_contain_text(FOUND)
    expect(opened.get_by_text(f"Found: “{FOUND}”")).to_be_visible()
    expect(reveal).to_be_disabled()
    expect(opened.get_by_role("button", name=more("Fewer"))).to_be_disabled()
    # a week of the same year is read
    opened.get_by_label("Show week").select_option(label="9")
    expect(opened.get_by_role("heading", name=re.compile("^Week 9, from Monday"))).to_be_visible()
    assert opened.locator("[data-metric]").count() >= 6
    for each in opened.locator("[data-metric]").all():
        assert each.get_attribute("data-n") == "200"
        assert each.get_attribute("data-lo")
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Save the page to keep (HTML)").click()
    kept = Path(download.value.path()).read_text(encoding="utf-8")
    assert kept == launch.keep_page(["protected"], {"protected": [0, 0, 3, 0, 2]})
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Save the rescue copy (HTML)").click()
    assert Path(download.value.path()).read_text(encoding="utf-8") == rescue_html()


def test_the_keyboard_alone_and_a_plan_that_breaks_a_tight_part(opened: Page) -> None:
    opened.get_by_role("radio", name=re.compile("^60 minutes")).focus()
    opened.keyboard.press("ArrowUp")  # round to the last
    expect(opened.get_by_role("radio", name=re.compile("^One trade-off"))).to_be_checked()
    which = opened.get_by_label("Which trade-off?")
    expect(which).to_be_visible()
    opened.keyboard.press("Tab")
    expect(which).to_be_focused()
    opened.keyboard.type("Tight")
    expect(which).to_have_value(re.compile("Tight against loose"))
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("button", name="Begin")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("heading", name="Tight against loose")).to_be_visible()
    opened.get_by_role("button", name=more("50 or more")).focus()
    opened.keyboard.press("Space")
    expect(opened.get_by_role("button", name="Reveal the same year")).to_be_enabled()
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("button", name="Reveal the same year")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.get_by_text("This plan gives up the second rehearsal")).to_be_visible()
    expect(opened.get_by_role("heading", name="What the model found")).to_be_focused()
    assert "tradeoff=tight" in opened.url
    opened.reload()  # the address alone brings the question back, not the answer
    expect(opened.get_by_role("heading", name="Tight against loose")).to_be_visible(timeout=30_000)
    expect(opened.get_by_role("heading", name="What the model found")).to_be_hidden()


def test_axe_finds_nothing_in_both_modes_and_sizes(opened: Page) -> None:
    assert violations(opened) == []
    opened.get_by_role("button", name="Begin").click()
    opened.get_by_role("button", name="Next", exact=True).click()
    opened.get_by_role("button", name=more("Fewer")).click()
    opened.get_by_role("button", name="Reveal the same year").click()
    for button in ("How widely years differ", "Where the cycles went", "Notes for you"):
        opened.get_by_role("button", name=button).click()
    for width in (1280, 320):
        opened.set_viewport_size({"width": width, "height": 720})
        for scheme in ("light", "dark"):
            opened.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            assert violations(opened) == [], (width, scheme)
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
    opened.emulate_media(color_scheme="light")
    # 1280 x 720 at 200 % zoom is a page of 640 x 360
    opened.set_viewport_size({"width": 640, "height": 360})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 640


def test_the_rescue_copy_opens_from_a_disk(
    tmp_path: Path, browser_type_launch_args: dict[str, object], page: Page
) -> None:
    place = tmp_path / "Kopie für zu Hause.html"
    place.write_text(rescue_html(), encoding="utf-8")
    context = page.context.browser.new_context(bypass_csp=True)  # type: ignore[union-attr]
    seen: list[str] = []
    context.on("request", lambda r: seen.append(r.url))
    context.on("weberror", lambda e: seen.append(f"script error {e.error}"))
    copy = context.new_page()
    copy.goto(place.as_uri())
    assert copy.locator("h1").count() == 1
    reveal = copy.get_by_role("button", name="Reveal the same year")
    expect(reveal).to_be_disabled()
    copy.get_by_role("button", name="Tight against loose").focus()
    copy.keyboard.press("Enter")
    expect(copy.get_by_role("heading", name="Tight against loose")).to_be_focused()
    copy.get_by_role("button", name=more("Fewer")).focus()
    copy.keyboard.press("Enter")
    reveal.focus()
    copy.keyboard.press("Enter")
    expect(copy.get_by_text("This plan gives up the second rehearsal")).to_be_visible()
    stored = launch.results()["tight"]
    assert shown(copy, "completion_full") == stored["a"]["metrics"]["completion_full"]["mean"]
    # every plan of a way through the grid shows the digits that are stored for it
    chosen = {q.name: q.options[0][0] for q in atlas.QUESTIONS}
    stored_by = {tuple(e["choice"].values()): e for e in atlas.atlas()}
    copy.get_by_role("button", name="Keep this plan to compare with").click()
    for q in atlas.QUESTIONS:
        if q.name != "reserve":
            value, words = q.options[-1]
            copy.get_by_label(q.ask).select_option(label=words)
            chosen[q.name] = value
        entry = stored_by[tuple(chosen.values())]
        figure = copy.locator(".ect-figure[data-metric=completion_any]")
        expect(figure).to_have_attribute("data-value", str(entry["metrics"]["completion_any"][0]))
        mean = entry["metrics"]["completion_any"][0]
        expect(figure).to_have_text(re.compile(rf"^{100 * mean:.1f} "))
        expect(copy.get_by_text(f"Of 100 cycles due, {100 * mean:.1f} happen")).to_be_visible()
        assert entry["code"] in (copy.locator("pre").last.text_content() or "")
    for width in (1280, 320):
        copy.set_viewport_size({"width": width, "height": 720})
        for scheme in ("light", "dark"):
            copy.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            assert violations(copy) == [], (width, scheme)
        assert copy.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert [url for url in seen if not url.startswith(("file:", "data:", "blob:"))] == []

"""A delivery partner's page in a real browser: schools, a mask, a table of one's own, dates, the roll-up."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ectsim import partner
from tests.dashboards.conftest import Running, chromium
from tests.dashboards.test_browser import violations

pytestmark = pytest.mark.browser
PRELOAD = ["ectsim.desk", "ectsim.model.year"]
IMAGE = "<img src=x onerror=alert(1)>"
SMALL = "?count=3&seed=7"
"""A smaller trust than a visitor gets: three primaries are done in seconds."""
DONE = re.compile(r"\d+ of \d+ schools are at risk\. 30 simulated years of each\.$")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The page as ``ectsim dashboard partner`` runs it."""
    chromium()
    running = Running(
        tmp_path_factory.mktemp("partner"), name="partner", visitors=2, preload=PRELOAD
    )
    yield running
    assert running.stop() == 0
    assert "Traceback" not in "".join(running.errors)


@pytest.fixture
def opened(served: Running, page: Page) -> Iterator[Page]:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(served.url + SMALL, timeout=90_000)  # a busy machine starts slowly
    expect(page.locator(".ect-status p")).to_have_text(re.compile("of 3 schools"), timeout=120_000)
    yield page
    if not page.is_closed():
        page.close(run_before_unload=True)


def settled(page: Page, before: str) -> str:
    line = page.locator(".ect-status p")
    expect(line).not_to_have_text(before)
    expect(line).to_have_text(DONE, timeout=120_000)
    return line.inner_text()


def schools(page: Page) -> list[list[str]]:
    table = page.locator("table").filter(has=page.get_by_role("columnheader", name="In short"))
    return [
        [cell.inner_text() for cell in line.locator("th, td").all()]
        for line in table.locator("tbody tr").all()
    ]


def read(page: Page, path: Path) -> None:
    page.get_by_label("Or read your own table of schools").set_input_files(path)


def saved(page: Page, button: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_text(encoding="utf-8-sig")


def test_a_trust_its_table_and_its_roll_up(opened: Page) -> None:
    assert opened.title() == "See which school's time is at risk - ectsim"
    trust = partner.generate(3, 7)
    assert [row[0] for row in schools(opened)] == [s.school for s in trust]  # never ranked
    at_risk = sum(row[6] == "At risk" for row in schools(opened))
    assert opened.locator(".ect-figure").first.inner_text().startswith(str(at_risk))
    opened.get_by_label("Show", exact=True).select_option(label="Schools whose time is at risk")
    expect(opened.get_by_text(f"Schools whose time is at risk: {at_risk}")).to_be_visible()
    assert partner.read_table(saved(opened, "Save this table (CSV)"), where="") == trust
    rows = list(csv.DictReader(io.StringIO(saved(opened, "Save the roll-up (CSV)"))))
    assert any(row["ects"] == "too few to show" for row in rows)
    assert next(r for r in rows if r["area"] == "All schools")["schools"] == "3"
    # dates: what stands there is what the library finds
    wanted = {e.id: partner.candidate_dates(e) for e in partner.conferences()}
    best = partner.best_dates(trust, wanted)
    for found in best.values():
        day = found["date"]
        expect(opened.get_by_role("cell", name=f"{day:%A} {day.day} {day:%B %Y}").first).to_be_visible()  # fmt: skip
    worst = sum(max(o[1] for o in found["options"]) for found in best.values())
    least = sum(found["lost"] for found in best.values())
    expect(opened.get_by_text(f"On the best dates {least} slots are lost, on the worst {worst}.")).to_be_visible()  # fmt: skip
    for svg in opened.locator("svg[role=img]").all():
        assert svg.get_attribute("aria-labelledby")


def test_a_mask_and_a_table_of_ones_own_by_keyboard(opened: Page, tmp_path: Path) -> None:
    before = opened.locator(".ect-status p").inner_text()
    own = tmp_path / "schools.csv"
    own.write_text(
        "school,area,kind,ects,meeting,cover,flex\n"
        f'"{IMAGE}",=1+1,primary,2,found,may,split_meeting\n'
        "P2,West,primary,3,fixed,never,\n",
        encoding="utf-8",
    )
    read(opened, own)
    told = settled(opened, before)
    assert "of 2 schools" in told
    rows = schools(opened)
    assert rows[0][0] == IMAGE  # text, not a picture
    assert opened.locator("img").count() == 0
    assert "'=1+1" in saved(opened, "Save this table (CSV)")
    assert rows[1][7] == "-"  # it has already what would be tried
    option = opened.get_by_role("checkbox", name=re.compile("^Split meeting"))
    option.focus()
    opened.keyboard.press("Space")
    expect(opened.get_by_text("Not allowed. the delivery partner does not allow the option split_meeting")).to_be_visible(timeout=60_000)  # fmt: skip
    expect(opened.get_by_text("ECF lead").first).to_be_visible()
    opened.keyboard.press("Space")
    expect(opened.get_by_text("Not allowed.")).to_have_count(0, timeout=60_000)
    # a broken table is told at its place, and what stood there stays
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("school,kind,ects\nA,academy,1\n", encoding="utf-8")
    read(opened, wrong)
    problem = opened.get_by_role("alert").filter(has_text="There is a problem")
    expect(problem).to_contain_text("wrong.csv, line 2: 'academy' is no answer to kind")
    assert schools(opened)[0][0] == IMAGE
    assert "Traceback" not in opened.content()


def test_axe_finds_nothing_in_both_modes_and_sizes(opened: Page) -> None:
    opened.get_by_role("button", name="What stands in the table").click()
    for width in (1280, 320):
        opened.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            opened.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            assert violations(opened) == [], (width, scheme)
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
    opened.emulate_media(color_scheme="light")

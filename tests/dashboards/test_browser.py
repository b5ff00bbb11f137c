"""The dashboards as a visitor meets them."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.dashboards.conftest import Running, chromium, fetch
from tests.dashboards.demo_page import HOSTILE

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)  # the machine may be busy with other tests
VENDOR = Path(__file__).resolve().parent / "vendor"


@pytest.fixture(scope="module")
def shared(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def opened(demo: Running, shared: Page) -> Page:
    """The demonstration with its defaults; opened once, because opening takes seconds."""
    if shared.url != demo.page("demo"):
        shared.goto(demo.page("demo"))
    shared.set_viewport_size({"width": 1280, "height": 800})
    shared.emulate_media(color_scheme="light")
    shared.get_by_role("checkbox", name="Keep a reserve slot each fortnight").uncheck()
    years = shared.get_by_role("textbox", name=re.compile("How many years"))
    years.fill("40")
    years.press("Tab")
    expect(shared.get_by_text("The sum is 780.")).to_be_visible()
    shared.evaluate("document.activeElement.blur(); document.body.focus()")
    return shared


def violations(page: Page) -> list[str]:
    """Ask axe-core about the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((VENDOR / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',"
        " 'best-practice']}).then(r => r.violations.map(v => v.id + ': ' + v.help + ' '"
        " + v.nodes.map(n => n.html.slice(0, 160)).join(' | ')))"
    )
    return list(found)


def test_axe_is_the_file_that_the_readme_names() -> None:
    digest = hashlib.sha256((VENDOR / "axe.min.js").read_bytes()).hexdigest()
    assert digest in (VENDOR / "README.md").read_text(encoding="utf-8")


def test_a_change_by_keyboard_brings_a_new_number_and_undo_the_old(opened: Page) -> None:
    assert opened.title() == "Demonstration of every part - ectsim"
    assert opened.locator("html").get_attribute("lang") == "en-GB"
    assert opened.locator("h1").count() == 1
    opened.reload()  # the keyboard begins at the top
    expect(opened.get_by_text("The sum is 780.")).to_be_visible()
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("link", name="Skip to the content")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.locator("[role=main]")).to_be_focused()
    years = opened.get_by_role("textbox", name="How many years shall be tried? (years)")
    years.focus()
    opened.keyboard.press("Control+A")
    opened.keyboard.type("5")
    opened.keyboard.press("Tab")
    expect(opened.get_by_text("The sum is 10.")).to_be_visible()
    slider = opened.get_by_role("slider", name="How many minutes are protected each week?")
    slider.focus()
    opened.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "65 minutes")
    opened.wait_for_timeout(500)  # a person takes a moment from one question to the next
    opened.get_by_role("radio", name="Nobody").check()
    opened.wait_for_timeout(500)
    undo = opened.get_by_role("button", name="Undo the last change")
    undo.click()
    expect(opened.get_by_role("radio", name="A named deputy mentor")).to_be_checked()
    opened.wait_for_timeout(500)
    undo.click()
    expect(slider).to_have_value("60")
    undo.click()
    expect(years).to_have_value("40")
    expect(opened.get_by_text("The sum is 780.")).to_be_visible()


def test_what_is_wrong_stands_in_the_summary_and_at_the_field(opened: Page) -> None:
    years = opened.get_by_role("textbox", name=re.compile("How many years"))
    years.fill("many")
    years.press("Tab")
    expect(opened.locator("#ect-n-error")).to_have_text(
        "How many years shall be tried: enter a number"
    )
    expect(years).to_have_attribute("aria-invalid", "true")
    years.fill("0")  # the page takes it, the service does not
    years.press("Tab")
    summary = opened.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="n is below 1: choose at least 1").press("Enter")
    expect(years).to_be_focused()
    expect(opened.get_by_text("The sum is 780.")).to_be_visible()  # the last good result stays
    years.fill("3")
    years.press("Enter")
    expect(opened.get_by_text("The sum is 3.")).to_be_visible()
    expect(summary).to_have_count(0)


def test_progress_is_told_and_stop_works(opened: Page) -> None:
    opened.get_by_role("checkbox", name="Keep a reserve slot each fortnight").check()
    years = opened.get_by_role("textbox", name=re.compile("How many years"))
    years.fill("399")
    years.press("Tab")
    expect(opened.get_by_role("progressbar")).to_be_visible()
    expect(opened.get_by_role("status").filter(has_text="of 399 years done")).to_be_visible()
    opened.get_by_role("button", name="Stop").click()
    expect(opened.get_by_role("status").filter(has_text="Stopped")).to_be_visible()
    expect(opened.get_by_role("progressbar")).to_have_count(0)


def test_a_bug_shows_words_and_no_traceback(opened: Page) -> None:
    opened.get_by_role("button", name="Break something").click()
    expect(opened.get_by_text("Something went wrong on our side")).to_be_visible()
    content = opened.content()
    assert "Traceback" not in content
    assert "secret" not in content


def test_files_in_and_out(opened: Page, tmp_path: Path) -> None:
    field = opened.get_by_label("Your timetable")
    with opened.expect_file_chooser() as chooser:
        field.click()
    chooser.value.set_files({"name": "a<b>.csv", "mimeType": "text/csv", "buffer": b"x" * 1200000})
    expect(opened.get_by_text("a<b>.csv: 1200000 bytes")).to_be_visible()
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * 12_000_001)
    field.set_input_files(large)
    expect(opened.locator("#ect-file-error")).to_contain_text("the limit is 12 MB")
    field.set_input_files({"name": "a.exe", "mimeType": "text/plain", "buffer": b"x"})
    expect(opened.locator("#ect-file-error")).to_contain_text("is not one of .csv, .xlsx")
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Save the result").click()
    assert Path(download.value.path()).read_bytes() == b"HELLO"
    assert download.value.suggested_filename == "result.txt"


def test_charts_have_words_tables_and_files(opened: Page) -> None:
    charts = opened.locator("svg[role=img]")
    assert charts.count() == 4
    for index in range(4):
        chart = charts.nth(index)
        names = (chart.get_attribute("aria-labelledby") or "").split()
        assert all(opened.locator(f"#{name}").text_content() for name in names)
        assert chart.evaluate("e => [...e.parentNode.children].some(s => s.querySelector('table'))")
    metric = opened.locator("[data-metric]")
    assert metric.get_attribute("data-n") == "200"
    box = opened.locator(".ect-chart").filter(has_text="Where did they go?")
    box.get_by_text("Show the numbers").click()
    expect(box.get_by_role("cell", name="118", exact=True)).to_be_visible()
    with opened.expect_download() as download:
        box.get_by_role("button", name="CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "\"'=cmd" not in text
    assert "'=cmd|' /C calc'!A0,19,10" in text
    assert HOSTILE in text
    with opened.expect_download() as download:
        box.get_by_role("button", name="SVG").click()
    assert download.value.suggested_filename == "where-did-they-go.svg"
    drawing = Path(download.value.path()).read_text(encoding="utf-8")
    assert "<img" not in drawing
    assert "var(" not in drawing
    assert "fill: rgb(11, 95, 92)" in drawing
    with opened.expect_download() as download:
        box.get_by_role("button", name="Save as PNG").click()
    assert Path(download.value.path()).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert opened.locator("img").count() == 0  # the hostile name stayed text
    opened.get_by_label("Show week").select_option(label="9")
    expect(opened.get_by_text("Week 9: mentor on cover.")).to_be_visible()


def test_axe_finds_nothing(opened: Page, demo: Running) -> None:
    years = opened.get_by_role("textbox", name=re.compile("How many years"))
    years.fill("0")
    years.press("Tab")
    expect(opened.get_by_text("There is a problem")).to_be_visible()
    opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for start_page in (False, True):
        if start_page:
            opened.goto(demo.root)
        for mode in ("light", "dark"):
            opened.emulate_media(color_scheme=mode)
            for width in (1280, 320):
                opened.set_viewport_size({"width": width, "height": 800})
                opened.wait_for_timeout(200)  # colours fade into the other mode
                assert violations(opened) == [], (start_page, mode, width)
                room = "document.documentElement.scrollWidth - window.innerWidth"
                assert opened.evaluate(room) <= 0, f"too wide at {width} px"


def test_targets_are_large_enough(opened: Page) -> None:
    small = opened.evaluate(
        """[...document.querySelectorAll('button, a, input, select, summary, label.ect-option')]
        .filter(e => e.offsetParent && !e.closest('.ect-skip'))
        .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
        .filter(([, r]) => r.height && (r.height < 23.5 || r.width < 23.5)).map(([t]) => t)"""
    )
    assert [text for text in small if "noUi" not in text] == []


def test_a_killed_kernel_is_said_and_a_new_start_works(opened: Page, demo: Running) -> None:
    kernel = opened.evaluate(
        "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
    )
    for pid in demo.children(kernel):
        os.kill(pid, signal.SIGKILL)
    banner = opened.get_by_role("alert").filter(has_text="This session has ended.")
    expect(banner).to_be_visible()
    assert violations(opened) == []
    banner.get_by_role("button", name="Start again").click()
    expect(opened.get_by_text("The sum is 780.")).to_be_visible()
    expect(banner).to_have_count(0)


def test_the_service_may_die_under_a_page(opened: Page, demo: Running) -> None:
    for pid in demo.children("ectsim.service"):
        os.kill(pid, signal.SIGKILL)
    years = opened.get_by_role("textbox", name=re.compile("How many years"))
    years.fill("7")
    years.press("Tab")
    expect(opened.get_by_text("The sum is 21.")).to_be_visible()


def test_the_server_keeps_to_itself(demo: Running) -> None:
    code, headers, text = fetch(demo.root)
    assert code == 200
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "&lt;b&gt;Text stays text.&lt;/b&gt;" in text
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)
    assert fetch(demo.root, Host="elsewhere.example:80")[0] == 403
    for path in ("voila/files/demo.ipynb", "voila/files/x.png", "voila/render/none.ipynb"):
        code, _, text = fetch(demo.root + path)
        assert code in (403, 404, 500)
        assert "Traceback" not in text
    code, _, text = fetch(demo.root + "voila/api/contents/demo.ipynb")
    assert "import" not in text


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The shipped dashboards, for one visitor, on every address of the machine."""
    chromium()
    running = Running(
        tmp_path_factory.mktemp("public"), name="", address="0.0.0.0", visitors=0, most=1
    )
    yield running
    running.stop()


def test_a_token_a_limit_and_an_end(public: Running, page: Page) -> None:
    token = public.url.partition("?token=")[2]
    assert len(token) > 20
    port = public.url.split(":")[2].split("/")[0]
    root = f"http://127.0.0.1:{port}/"
    code, headers, _ = fetch(root + "voila/render/coordinator.ipynb")
    assert code == 302
    assert "login" in headers["Location"]
    page.goto(f"{root}?token={token}")
    page.get_by_role("link", name=re.compile("Plan coaching")).click()
    expect(page.get_by_role("heading", name="Will your coaching survive")).to_be_visible()
    second = page.context.new_page()
    second.goto(root + "voila/render/coordinator.ipynb")
    expect(second.get_by_role("heading", name="All places are taken")).to_be_visible()
    assert violations(second) == []
    page.close(run_before_unload=True)  # leaving the page frees its place
    for _ in range(20):
        time.sleep(0.25)
        if not public.children("ipykernel"):
            break
    second.get_by_role("link", name="Try again").click()
    expect(second.get_by_role("heading", name="Will your coaching survive")).to_be_visible()
    assert public.stop() == 0
    expect(second.get_by_text("The dashboard has stopped.")).to_be_visible()
    assert "Traceback" not in "".join(public.errors)

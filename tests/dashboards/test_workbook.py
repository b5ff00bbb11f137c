"""A lesson in JupyterLab, with the keyboard alone."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.dashboards.conftest import chromium

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE = 90_000
"""Milliseconds that a busy machine may take to start a kernel and run a cell."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of ``ectsim workbook 4``, and the learner's folder."""
    chromium()
    if os.name == "nt":
        pytest.skip("processes are stopped in the way of POSIX")
    folder = tmp_path_factory.mktemp("workbook")
    code = "import sys; from ectsim.cli import run; sys.exit(run(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "workbook", "4", "--no-browser"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    own = folder / "my-workbook"
    try:
        address = _address(own / ".jupyter/runtime", process)
        yield f"{address['url']}lab/tree/04_coaching_cycle.ipynb?token={address['token']}", own
    finally:
        os.killpg(process.pid, signal.SIGINT)  # what Ctrl+C sends, to both
        process.wait(60)


def _address(folder: Path, process: subprocess.Popen[bytes]) -> dict[str, str]:
    for _ in range(600):
        for found in folder.glob("jpserver-*.json"):
            try:
                return json.loads(found.read_text(encoding="utf-8"))
            except ValueError:
                pass  # it is being written
        assert process.poll() is None, "JupyterLab has ended"
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not start")


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    yield page
    page.close()


def test_a_lesson_is_walked_through_with_the_keyboard_alone(page: Page, lab: tuple[str, Path]):
    address, own = lab
    page.goto(address)
    cells = page.locator(".jp-Notebook .jp-Cell")
    expect(cells.first).to_be_focused(timeout=PATIENCE)
    # keys that come before the kernel is there ask which one to take
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=PATIENCE)

    # Shift and Enter run a cell and go on to the next, here as far as the first exercise's answer
    lesson = json.loads((own / "04_coaching_cycle.ipynb").read_text(encoding="utf-8"))["cells"]
    answer = next(i for i, c in enumerate(lesson) if "wb.check" in "".join(c["source"]))
    for n in range(answer):
        page.keyboard.press("Shift+Enter")
        expect(cells.nth(n + 1)).to_have_class(re.compile("jp-mod-active"), timeout=PATIENCE)

    # Enter goes into the cell; what is written there is answered from the ledger
    page.keyboard.press("Enter")
    for order, said in (
        (["praise", "share", "practise", "model", "analyse"], "not yet. You let the ECT practise"),
        (["praise", "share", "model", "analyse", "practise"], "solved."),
    ):
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(f'wb.check("L4-1", {order})')
        page.keyboard.press("Control+Enter")
        expect(cells.nth(answer)).to_contain_text(f"L4-1: {said}", timeout=PATIENCE)
        page.keyboard.press("Enter")
    assert json.loads((own / "progress.json").read_text())["solved"] == ["L4-1"]

    # the picture on the way has a name and a sentence, and its numbers as a table
    chart = page.locator("svg[role=img]").first
    named = "(e) => e.getAttribute('aria-labelledby').split(' ').map((i) => e.querySelector('#' + i).textContent)"
    title, sentence = chart.evaluate(named)
    assert title.startswith("A shorter meeting")
    assert "at 30 minutes" in sentence
    assert page.locator(".jp-OutputArea table tbody tr").count() == 4
    if folder := os.environ.get("ECTSIM_SCREENS"):  # for docs/screens
        chart.scroll_into_view_if_needed()
        page.screenshot(path=Path(folder) / "workbook-1280.png")
        cells.nth(answer).scroll_into_view_if_needed()
        page.screenshot(path=Path(folder) / "workbook-exercise-1280.png")
    assert page.locator(".jp-RenderedText[data-mime-type*=stderr], .jp-OutputArea-output .ansi-red-fg").count() == 0  # fmt: skip

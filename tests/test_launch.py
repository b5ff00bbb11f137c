"""A launch session's trade-offs: what is stored is what the model says, and nothing waits for it."""

from __future__ import annotations

import html.parser
import json
import subprocess
import sys

import pytest

from ectsim import launch
from ectsim.cli import run
from ectsim.content import flex
from ectsim.experiment import replicate
from ectsim.scenario import parse_code

TRADEOFFS = list(launch.tradeoffs())
ASKED = ["protected", "reserve", "shared", "video", "split", "winter", "tight"]


def test_every_promised_tradeoff_is_there_and_both_scripts_fill_their_time() -> None:
    assert TRADEOFFS == ASKED == list(launch.results())
    for name, script in launch.scripts().items():
        assert sum(step.minutes for step in script.steps) == int(name)
        assert all(step.title and step.text and step.notes for step in script.steps)
        assert sum(step.kind == "pledge" for step in script.steps) == 1
    assert {s.tradeoff for s in launch.scripts()["180"].steps if s.tradeoff} == set(ASKED)


@pytest.mark.parametrize("name", TRADEOFFS)
def test_guesses_leave_no_gap_and_the_stored_one_is_right(name: str) -> None:
    t, r = launch.tradeoffs()[name], launch.results()[name]
    assert [i for low, high in (b[1:] for b in t.bands) for i in range(low, high + 1)] == list(range(-100, 101))  # fmt: skip
    mean = r["differences"][t.metric]["mean"]
    assert abs(100 * mean - r["points"]) <= 0.5 + 1e-9
    assert r["band"] == t.band(r["points"])
    a, b = (r[side]["metrics"][t.metric]["mean"] for side in ("a", "b"))
    assert b - a == pytest.approx(mean)
    assert (r["seed"], r["replications"]) == launch.settings()


@pytest.mark.parametrize("name", TRADEOFFS)
def test_what_is_stored_equals_a_fresh_run(name: str) -> None:
    t, r = launch.tradeoffs()[name], launch.results()[name]
    for arm, side in ((t.a, "a"), (t.b, "b")):
        stored = r[side]
        scenario = launch.scenario_of(arm)
        assert stored["code"] == scenario.code(r["seed"])
        assert parse_code(stored["code"])[0] == scenario
        assert stored["banner"] == scenario.banner
        fresh = replicate(scenario, seed=r["seed"], replications=3)
        assert [sum(p[1] for p in y.pairs) for y in fresh.runs] == stored["held"][:3]
        assert [sum(p[2] for p in y.pairs) for y in fresh.runs] == stored["full"][:3]
        assert [y.due for y in fresh.runs] == stored["due"][:3]


def test_the_replayed_year_equals_a_fresh_one() -> None:
    from ectsim import desk

    t, r = launch.tradeoffs()["shared"], launch.results()["shared"]
    arms = [(arm.label, launch.scenario_of(arm)) for arm in (t.a, t.b)]
    sentence = r["strip"]["sentence"]
    year = int(sentence.split("Simulated year ")[1].split()[0])
    again = desk.replay(arms, r["seed"], t.pair, year)["strip"]
    assert json.loads(json.dumps(again)) == r["strip"]


@pytest.mark.deep
@pytest.mark.parametrize("name", TRADEOFFS)
def test_all_of_a_result_equals_a_fresh_run(name: str) -> None:
    seed, years = launch.settings()
    again = launch.compute(launch.tradeoffs()[name], seed=seed, years=years)
    assert json.loads(json.dumps(again)) == launch.results()[name]


def test_only_the_plan_that_breaks_a_tight_part_carries_the_banner() -> None:
    for name, r in launch.results().items():
        assert bool(r["a"]["banner"]) == (name == "tight")
        assert not r["b"]["banner"]
    facts = {fact for f in flex() for fact in f.source}
    assert set(launch.tradeoffs()["tight"].sources) & facts


def test_a_reveal_needs_a_guess_and_no_model() -> None:
    """The model is taken away: whatever the page shows must be stored."""
    code = """
import sys
for name in ("simpy", "numpy", "pydantic", "ectsim.model", "ectsim.scenario", "ectsim.experiment"):
    sys.modules[name] = None
import time
from ectsim.app.pages.launch import Launch
from ectsim.launch import scripts, tradeoffs
page = Launch()
for name in scripts():
    page._choice.value = name
    page.begin()
    for at, step in enumerate(page.script.steps):
        page.go(at)
        if not step.tradeoff or step.tradeoff in page.revealed:
            continue
        assert page.reveal_button.disabled
        page.reveal()
        assert step.tradeoff not in page.revealed
        page.vote.counts = [0, 2, 0, 1, 0]
        assert not page.reveal_button.disabled
        started = time.perf_counter()
        page.reveal()
        assert time.perf_counter() - started < 1
        assert step.tradeoff in page.revealed and page.vote.locked and page.vote.right >= 0
        assert len(page._tiles.tiles) == 3 and page._strip.spec["table"]["rows"]
        page.vote.counts = [9, 9, 9, 9, 9]  # too late
        assert page.guesses[step.tradeoff] == [0, 2, 0, 1, 0]
assert page.revealed == set(tradeoffs())
name, kind, content = page._keep()
assert kind == "text/html" and b"We promise" in content
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


class _Seen(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "action")]


def test_the_page_to_keep_stands_alone() -> None:
    text = launch.keep_page(ASKED, {"protected": [1, 2, 3, 4, 5]})
    seen = _Seen()
    seen.feed(text)
    assert seen.tags.count("h2") == len(ASKED) + 1
    assert not seen.addresses
    assert not {"script", "link", "img", "iframe"} & set(seen.tags)
    assert len(text.encode()) < 300_000
    for name in ASKED:
        assert launch.results()[name]["b"]["code"] in text
    assert "gives up" in text
    assert "nobody is scored or ranked" in text


def test_the_command_lists_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["launch"]) == 0
    out = capsys.readouterr().out
    for t in launch.tradeoffs().values():
        assert t.question in out
        assert launch.finding(t, launch.results()[t.id]) in out

"""Questions made from metadata: right kind, checked values, form that undoes."""

from __future__ import annotations

from typing import Any

import pytest
import traitlets

from ectsim.app.controls import Form, control
from ectsim.app.pages.board import Board
from tests.dashboards.demo_page import QUESTIONS


def test_the_kind_follows_from_the_metadata() -> None:
    kinds = {each["name"]: control(each).kind for each in QUESTIONS}
    assert kinds == {
        "n": "number",
        "minutes": "slider",
        "cover": "choice",
        "reserve": "switch",
        "phase": "select",
        "days": "choices",
    }
    with pytest.raises(ValueError, match="no control"):
        control({"name": "a", "ask": "?", "kind": "dial"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 401),
        ("n", -1),
        ("n", "40"),
        ("n", True),
        ("n", float("nan")),
        ("cover", "everybody"),
        ("phase", "x"),
        ("n", None),
    ],
)
def test_a_value_that_a_page_should_not_send_is_refused(name: str, value: object) -> None:
    each = next(control(q) for q in QUESTIONS if q["name"] == name)
    before = each.value
    with pytest.raises(traitlets.TraitError):
        each.value = value
    assert each.value == before


def test_a_form_tells_once_and_blames_by_name() -> None:
    told: list[dict[str, Any]] = []
    form = Form([control(each) for each in QUESTIONS], told.append)
    form["n"].value = 50
    form.fill({"n": 60, "minutes": 45, "unknown": 1})
    assert [(each["n"], each["minutes"]) for each in told] == [(50, 60), (60, 45)]
    form.blame([("enter fewer", "n"), ("no school", "")])
    assert form["n"].error == "enter fewer"
    assert form.problems.items == [
        {"text": "enter fewer", "target": "n"},
        {"text": "no school", "target": ""},
    ]
    form["n"].value = 61
    assert form["n"].error == ""
    assert form.problems.items == []


def test_a_board_without_a_service_says_so_and_undoes() -> None:
    board = Board("T", "L", kind="k", questions=QUESTIONS, results=[], show=lambda message: None)
    assert "does not answer" in board.announcer.text
    board.form["n"].value = 50
    board.form["n"].value = 60
    board.undo()
    assert board.form.values["n"] == 50
    board.undo()
    assert board.form.values["n"] == 40
    assert board.undo_button.disabled
    board.undo()

"""The trade-offs of a launch session: what is asked, what may be guessed, and the stored results.

Reading needs the standard library alone, so that a page shows everything without the model;
:func:`refresh` computes the results anew and loads the model for it.
"""

from __future__ import annotations

import html
import json
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ectsim.share import data_dir

__all__ = [
    "Arm",
    "Script",
    "Step",
    "Tradeoff",
    "compute",
    "finding",
    "keep_page",
    "refresh",
    "results",
    "scripts",
    "settings",
    "tradeoffs",
]

METRIC_WORDS = {
    "completion_any": "happen",
    "completion_full": "are held in full",
    "lowest_ect": "happen for the ECT who gets least",
}
"""What the metric of a trade-off counts, of 100 cycles due."""

MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the two plans of a trade-off.

    Parameters
    ----------
    label : str
        What it is called.
    school : str
        Name of the scenario that ships and is changed.
    plan : str
        Name of the plan that it starts from.
    changes : mapping of str to object
        Dotted parameters that differ from it.
    """

    label: str
    school: str
    plan: str
    changes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """A question to a room, and the two plans whose same years answer it.

    Parameters
    ----------
    id : str
        Its name in files.
    title, setting, question : str
        What the room reads.
    metric : str
        The share whose difference is guessed: a key of :data:`METRIC_WORDS`.
    bands : tuple of (str, int, int)
        What may be guessed: words, and the whole points from and to which they stand for.
    a, b : Arm
        The two plans; what is guessed is b less a.
    pair : str
        The pair whose year is replayed.
    costs : tuple of str
        Metrics that say what a plan costs and whom.
    debrief : tuple of str
        What to talk about afterwards.
    pledge : str
        What a school might promise.
    sources : tuple of str
        Facts that the trade-off rests on.
    """

    id: str
    title: str
    setting: str
    question: str
    metric: str
    bands: tuple[tuple[str, int, int], ...]
    a: Arm
    b: Arm
    pair: str
    costs: tuple[str, ...]
    debrief: tuple[str, ...]
    pledge: str
    sources: tuple[str, ...]

    def band(self, points: int) -> int:
        """Return the index of the guess that a difference in whole points belongs to."""
        return next(i for i, (_, low, high) in enumerate(self.bands) if low <= points <= high)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a session.

    Parameters
    ----------
    minutes : int
        How long it takes.
    title, text : str
        What the room reads.
    notes : str
        What the presenter reads.
    tradeoff : str
        Id of the trade-off that it is about, or "".
    kind : str
        ``talk``, ``tradeoff`` or ``pledge``.
    """

    minutes: int
    title: str
    text: str
    notes: str
    tradeoff: str = ""
    kind: str = "talk"


@dataclass(frozen=True, slots=True)
class Script:
    """A session from beginning to end.

    Parameters
    ----------
    id : str
        Its length in minutes, as text.
    title, lead : str
        What it is called, and what is in it.
    steps : tuple of Step
        Its parts; their minutes add up to the length.
    """

    id: str
    title: str
    lead: str
    steps: tuple[Step, ...]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((data_dir() / "launch" / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def settings() -> tuple[int, int]:
    """Return the seed and the number of simulated years of the stored results."""
    data = _read("tradeoffs.toml")
    return int(data["seed"]), int(data["years"])


@lru_cache(maxsize=1)
def tradeoffs() -> dict[str, Tradeoff]:
    """Return the trade-offs by id, in the order in which they are told."""
    data = _read("tradeoffs.toml")
    return {row["id"]: _tradeoff(row, data["bands"]) for row in data["tradeoff"]}


def _tradeoff(row: Mapping[str, Any], bands: Sequence[Sequence[Any]]) -> Tradeoff:
    def arm(side: str) -> Arm:
        own = row[side]
        return Arm(
            own["label"], own.get("school", row["school"]), own["plan"], own.get("changes", {})
        )

    return Tradeoff(
        **{k: row[k] for k in ("id", "title", "setting", "question", "metric", "pair")},
        bands=tuple((str(w), int(low), int(high)) for w, low, high in row.get("bands", bands)),
        a=arm("a"),
        b=arm("b"),
        costs=tuple(row["costs"]),
        debrief=tuple(row["debrief"]),
        pledge=row["pledge"],
        sources=tuple(row["sources"].split()),
    )


@lru_cache(maxsize=1)
def scripts() -> dict[str, Script]:
    """Return the scripts by id."""
    known = tradeoffs()
    out = {}
    for row in _read("scripts.toml")["script"]:
        steps = []
        for step in row["step"]:
            about = known.get(step.get("tradeoff", ""))
            steps.append(
                Step(
                    minutes=step["minutes"],
                    title=step.get("title") or (about.title if about else ""),
                    text=step.get("text") or (about.setting if about else ""),
                    notes=step["notes"],
                    tradeoff=about.id if about else "",
                    kind=step.get("kind", "tradeoff" if about else "talk"),
                )
            )
        out[row["id"]] = Script(row["id"], row["title"], row["lead"], tuple(steps))
    return out


@lru_cache(maxsize=1)
def results() -> dict[str, dict[str, Any]]:
    """Return the stored results by trade-off, as :func:`compute` made them."""
    place = data_dir() / "launch" / "results.json"
    found: dict[str, dict[str, Any]] = json.loads(place.read_text(encoding="utf-8"))["results"]
    return found


# --- words ------------------------------------------------------------------------------------


def of_hundred(share: float) -> str:
    """Write a share as a whole number of a hundred."""
    return f"{100 * share:.0f}"


def points_text(share: float) -> str:
    """Write a difference of shares in points of a hundred, with its sign and a true minus."""
    return f"{100 * share:+.1f}".replace("-", MINUS)


def finding(tradeoff: Tradeoff, result: Mapping[str, Any]) -> str:
    """Say what the model found, in a sentence that stands alone.

    Parameters
    ----------
    tradeoff : Tradeoff
        The question.
    result : mapping
        Its stored result.
    """
    m = tradeoff.metric
    a, b, d = result["a"]["metrics"][m], result["b"]["metrics"][m], result["differences"][m]
    within = f"{points_text(d['lo'])} to {points_text(d['hi'])}"
    verdict = {
        "better": "The difference is clear.",
        "worse": "The difference is clear.",
        "too close to call": "That is too close to call.",
    }[d["verdict"]]
    return (
        f"Of 100 cycles due, {of_hundred(a['mean'])} {METRIC_WORDS[m]} under “{tradeoff.a.label}” "
        f"and {of_hundred(b['mean'])} under “{tradeoff.b.label}”: {points_text(d['mean'])} "
        f"(true average difference {within}, 19 times in 20; {result['replications']} simulated "
        f"years lived under both). {verdict}"
    )


# --- results ----------------------------------------------------------------------------------


def compute(
    tradeoff: Tradeoff, *, seed: int, years: int, executor: Executor | None = None
) -> dict[str, Any]:
    """Simulate both plans of a trade-off in the same years and lay out what is shown.

    Parameters
    ----------
    tradeoff : Tradeoff
        The question.
    seed : int
        Seed; the stored results have that of ``tradeoffs.toml``.
    years : int
        Simulated years.
    executor : concurrent.futures.Executor, optional
        Where the years are simulated; by default in this process.

    Returns
    -------
    dict
        ``seed``, ``replications``, ``limits``, ``points`` (the difference in whole points of 100),
        ``band`` (index of the right guess), ``a`` and ``b`` (each ``code``, ``banner``,
        ``metrics``, ``held`` and ``full`` cycles of each year, ``due`` of each year, ``bars``),
        ``differences``, ``dots`` and ``strip`` (charts; the strip replays a typical year, in which
        the pair's difference is nearest to its average).
    """
    from ectsim import desk  # noqa: PLC0415 - loads the model, which no page needs
    from ectsim.analysis import LIMITS, compare_dict, result_dict  # noqa: PLC0415
    from ectsim.charts import ledger_bars, spread_dots  # noqa: PLC0415
    from ectsim.experiment import replicate  # noqa: PLC0415

    arms = [scenario_of(arm) for arm in (tradeoff.a, tradeoff.b)]
    runs = [replicate(s, seed=seed, replications=years, executor=executor) for s in arms]
    told = [result_dict(r) for r in runs]
    labels = (tradeoff.a.label, tradeoff.b.label)
    shown = ("completion_any", "completion_full", "lowest_ect", "on_time_share", *tradeoff.costs)
    differences = compare_dict(runs[0], runs[1], {})["differences"]
    points = _points(differences[tradeoff.metric]["mean"])
    sides = [
        {
            "label": label,
            "code": result["code"],
            "banner": s.banner,
            "metrics": {k: result["metrics"][k] for k in dict.fromkeys(shown)},
            "due": [r.due for r in run.runs],
            "held": [sum(p[1] for p in r.pairs) for r in run.runs],
            "full": [sum(p[2] for p in r.pairs) for r in run.runs],
            "bars": ledger_bars(result),
        }
        for label, s, run, result in zip(labels, arms, runs, told, strict=True)
    ]
    spread = "completion_full" if tradeoff.metric == "completion_full" else "completion_any"
    year = _typical(tradeoff, arms, runs)
    replayed = desk.replay(list(zip(labels, arms, strict=True)), seed, tradeoff.pair, year)
    return {
        "seed": seed,
        "replications": years,
        "limits": LIMITS,
        "points": points,
        "band": tradeoff.band(points),
        "a": sides[0],
        "b": sides[1],
        "differences": {k: differences[k] for k in dict.fromkeys(shown)},
        "dots": spread_dots(list(zip(labels, told, strict=True)), spread),
        "strip": replayed["strip"],
    }


def _typical(tradeoff: Tradeoff, arms: Sequence[Any], runs: Sequence[Any]) -> int:
    """Return the number of the first year whose difference is nearest to the pair's average."""
    at = [p.id for p in arms[0].school.pairs].index(tradeoff.pair)
    part = 2 if tradeoff.metric == "completion_full" else 1  # due, held, held in full
    gains = [
        b.pairs[at][part] - a.pairs[at][part]
        for a, b in zip(runs[0].runs, runs[1].runs, strict=True)
    ]
    mean = sum(gains) / len(gains)
    return 1 + min(range(len(gains)), key=lambda i: (abs(gains[i] - mean), i))


def scenario_of(arm: Arm) -> Any:
    """Return the scenario of a plan of a trade-off, as a scenario code would give it."""
    from ectsim.scenario import load, parse_code  # noqa: PLC0415 - loads the model

    changes = {k: tuple(v) if isinstance(v, list) else v for k, v in arm.changes.items()}
    scenario = load(arm.school).with_changes({"plan.preset": arm.plan, **changes})
    return parse_code(scenario.code(1))[0]  # named as the code names it


def _points(share: float) -> int:
    return int((abs(share) * 100) + 0.5) * (-1 if share < 0 else 1)


def refresh(
    folder: Path, *, executor: Executor | None = None, years: int | None = None
) -> dict[str, dict[str, Any]]:
    """Compute the results of all trade-offs and store them, all or none.

    Parameters
    ----------
    folder : pathlib.Path
        Where ``results.json`` goes.
    executor : concurrent.futures.Executor, optional
        Where the years are simulated.
    years : int, optional
        Simulated years, if others than those of ``tradeoffs.toml``.
    """
    seed, usual = settings()
    found = {
        t.id: compute(t, seed=seed, years=years or usual, executor=executor)
        for t in tradeoffs().values()
    }
    lines = ",\n".join(
        f"{json.dumps(k)}:{json.dumps(v, ensure_ascii=False, separators=(',', ':'))}"
        for k, v in found.items()
    )
    store(folder / "results.json", f'{{"format":1,"results":{{\n{lines}\n}}}}\n')
    return found


def store(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    ectsim.errors.InputError
        If it cannot be written.
    """
    from ectsim.errors import InputError  # noqa: PLC0415 - beside the rest that writes

    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(
            f"the file cannot be written ({error.strerror or error})",
            where=str(path),
            remedy="name a file in a folder you may write to",
        ) from None


# --- the page to keep -------------------------------------------------------------------------

_KEEP_STYLE = """
:root{color-scheme:light dark}
body{font:1.06rem/1.5 system-ui,sans-serif;max-width:46rem;margin:0 auto;padding:1.5rem}
h1{line-height:1.2}h2{margin:2rem 0 .3rem}
table{border-collapse:collapse;margin:.5rem 0}th,td{border-bottom:1px solid #8a938f;padding:.3rem 1rem .3rem 0;text-align:left;vertical-align:top}
.line{border-bottom:1px solid;height:2.2rem}.caution{border-left:.3rem solid;padding-left:.8rem;font-weight:600}
section{break-inside:avoid}small{color:inherit}
@media print{body{font-size:10.5pt;padding:0;max-width:none}}
"""


def keep_page(ids: Sequence[str], guesses: Mapping[str, Sequence[int]] | None = None) -> str:
    """Write the page that participants take home: one HTML file that refers to nothing else.

    Parameters
    ----------
    ids : sequence of str
        Trade-offs of the session, in order.
    guesses : mapping of str to sequence of int, optional
        Hands counted for each guess.

    Returns
    -------
    str
        HTML with room for a school's promise.
    """
    say = html.escape
    stored, known = results(), tradeoffs()
    parts = []
    for name in ids:
        t, r = known[name], stored[name]
        hands = list((guesses or {}).get(name, ()))
        rows = "".join(
            f"<tr><th scope='row'>{say(words)}</th>"
            f"{f'<td>{hands[i]}</td>' if any(hands) else ''}"
            f"<td>{'the model’s answer' if i == r['band'] else ''}</td></tr>"
            for i, (words, _, _) in enumerate(t.bands)
        )
        head = f"<tr><th scope='col'>Guess</th>{'<th scope=col>Hands</th>' if any(hands) else ''}<th scope='col'>Found</th></tr>"
        banner = "".join(
            f"<p class='caution'>{say(r[s]['label'])}: {say(r[s]['banner'])}</p>"
            for s in ("a", "b")
            if r[s]["banner"]
        )
        codes = " · ".join(f"<code>{say(r[s]['code'])}</code>" for s in ("a", "b"))
        parts.append(
            f"<section><h2>{say(t.title)}</h2><p>{say(t.setting)}</p><p><strong>{say(t.question)}"
            f"</strong></p><table><thead>{head}</thead><tbody>{rows}</tbody></table><p>{say(finding(t, r))}</p>{banner}"
            f"<ul>{''.join(f'<li>{say(q)}</li>' for q in t.debrief)}</ul>"
            f"<p><input type='checkbox' id='p-{name}'> <label for='p-{name}'>Our promise could be: {say(t.pledge)}</label></p>"
            f"<p><small>The same figures on the command line, with --seed {r['seed']} and --replications "
            f"{r['replications']}: {codes}</small></p></section>"
        )
    limits = say(stored[ids[0]]["limits"]) if ids else ""
    lines = "".join(
        f"<p>{words}</p><div class='line'></div>"
        for words in ("We promise:", "Who has to agree, and when we ask:", "How we will know by half-term:")
    )  # fmt: skip
    return (
        "<!DOCTYPE html><html lang='en-GB'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<title>What we keep from the launch session</title>"
        f"<style>{_KEEP_STYLE}</style></head><body><main><h1>What we keep from the launch session</h1>"
        f"<p>Simulated schools, not yours: what a plan tends to give and why.</p>{''.join(parts)}"
        f"<section><h2>Our school</h2>{lines}</section>"
        f"<p><small>{limits} The schools are made up.</small></p></main></body></html>\n"
    )

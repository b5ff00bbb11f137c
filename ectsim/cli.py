"""The command line. A command that is not built is absent; a wrong input gives one clear line and exit 2."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ectsim.errors import DISK_FULL, Broken, Cancelled, InputError

if TYPE_CHECKING:
    from ectsim.carried import Carried
    from ectsim.experiment import Progress, Results
    from ectsim.scenario import Scenario

__all__ = ["app", "main"]

app = typer.Typer(
    name="ectsim",
    help="How many coaching cycles will happen this year, which are lost and why, and what a plan changes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

# typer keeps its base of usage errors to itself; the one it shows off inherits from it
_UsageError: Any = typer.BadParameter.__mro__[1]

SCENARIO = Annotated[
    str,
    typer.Argument(
        help="A preset's name, a TOML file, a school's folder, an exported file or a scenario code."
    ),
]
SEED = Annotated[
    int, typer.Option(min=0, max=10**18 - 1, help="Seed: the same seed gives the same digits.")
]
REPLICATIONS = Annotated[
    int, typer.Option(min=1, max=1_000_000, help="How many years to simulate.")
]
REPLICATIONS_OR_OWN = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1_000_000,
        help="How many years to simulate (200, or as many as an exported file was made with).",
    ),
]
WORKERS = Annotated[
    int | None, typer.Option(min=1, max=256, help="Processes; it changes no digit.")
]
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
SET = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a parameter, such as plan.horizon=2."),
]
YEARS = Annotated[
    int | None,
    typer.Option(
        min=1, max=8, help="School years to run, one after the other (1); 2 is a whole induction."
    ),
]
SCHOOL = Annotated[
    Path | None, typer.Option(help="Folder of the imported school that a code belongs to.")
]


STOPPED = 130
"""Exit code after Ctrl-C."""


def main() -> None:
    """Run the command line."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str
        What stands after ``ectsim``.

    Returns
    -------
    int
        0 done, 2 the input is wrong, 1 a bug, 130 stopped by the user.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:  # a console that cannot show a sign shows a question mark, not a traceback
            reconfigure(errors="replace")
    try:
        result = typer.main.get_command(app).main(
            args=arguments, prog_name="ectsim", standalone_mode=False
        )
        if result == STOPPED:  # typer turns Ctrl-C into this number by itself
            _complain("stopped; nothing was written")
        return result if isinstance(result, int) else 0
    except InputError as error:
        _complain(str(error))
        return 2
    except _UsageError as error:
        if not arguments:  # the help has been printed
            typer.echo(error.format_message())
            return 2
        command = f" {error.ctx.info_name}" if error.ctx and error.ctx.parent else ""
        of = f"{command.strip()}: " if command else ""
        _complain(f"{of}{error.format_message()} - see ectsim{command} --help")
        return 2
    except Broken as error:
        _complain(str(error))
        return 1
    except (Cancelled, KeyboardInterrupt, typer.Abort) as stop:
        _complain(
            str(stop)
            if isinstance(stop, Cancelled) and stop.args
            else "stopped; nothing was written"
        )
        return STOPPED
    except BrokenPipeError:
        return 0
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            where = error.filename or "the output"
            _complain(f"{where}: the disk is full - free some space, then run it again")
            return 2
        traceback.print_exc()
        _complain("this is a bug in ectsim, not in your input")
        return 1


def _complain(line: str) -> None:
    typer.echo(" ".join(f"ectsim: {line}".split()), err=True)


def _print(data: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False, allow_nan=False))
    else:
        typer.echo("\n".join(lines))


def _stamped(data: dict[str, Any], lines: list[str], *, of: Scenario, as_json: bool) -> None:
    """Print what says nothing by itself of a tight part that is given up (F211)."""
    head = [f"! {of.banner}", ""] if of.banner else []
    _print({**data, "banner": of.banner}, [*head, *lines], as_json=as_json)


def _changes(pairs: list[str] | None, years: int | None = None) -> dict[str, object]:
    out: dict[str, object] = {} if years is None else {"programme.run_years": years}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--set {pair} has no value", remedy="write --set plan.horizon=2")
        out[key.strip()] = value
    return out


def _load(
    reference: str, school: Path | None = None, changes: dict[str, object] | None = None
) -> Scenario:
    from ectsim import scenario  # noqa: PLC0415 - each command loads only what it needs

    found = scenario.load(reference, school=school)
    return found.with_changes(changes, where="--set") if changes else found


def _seed(reference: str, seed: int | None, school: Path | None) -> int:
    """Return the seed asked for, else a code's own, else 1."""
    from ectsim import scenario  # noqa: PLC0415

    if seed is not None:
        return seed
    if scenario.CODE.fullmatch(reference):
        return scenario.parse_code(reference, school=school)[1]
    found = _carried(reference)
    return found.seed if found else 1


def _replications(reference: str, replications: int | None) -> int:
    """Return the number asked for, else the one that a file was exported with, else 200."""
    found = _carried(reference) if replications is None else None
    return replications or (found.replications if found else 200)


def _carried(reference: str) -> Carried | None:
    from ectsim import carried, scenario  # noqa: PLC0415 - as above

    known = reference in scenario.preset_names() or scenario.CODE.fullmatch(reference)
    return None if known or not Path(reference).is_file() else carried.read(Path(reference))


@contextmanager
def _stages() -> Iterator[Callable[[str, int, int], None] | None]:
    """Show the progress of work in stages on a terminal; a pipe sees nothing of it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda words, done, total: bar.update(
            task, description=words, completed=done, total=total
        )


@contextmanager
def _progress(words: str) -> Iterator[Progress | None]:
    """Show the progress of one piece of work."""
    with _stages() as show:
        yield (lambda done, total: show(words, done, total)) if show else None


def _replicate(
    scenarios: list[Scenario], seed: int, replications: int, workers: int | None
) -> list[Results]:
    from ectsim import experiment  # noqa: PLC0415

    count = experiment.default_workers() if workers is None else workers
    count = min(count, -(-replications // experiment.CHUNK))
    out = []
    with experiment.local_pool(count) as pool:
        for s in scenarios:
            with _progress(s.name) as progress:
                out.append(
                    experiment.replicate(
                        s, seed=seed, replications=replications, executor=pool, progress=progress
                    )
                )
    return out


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="The timetable: an export of SIMS, FET, Untis or XHSTT, or a table, as text or a workbook."
        ),
    ],
    to: Annotated[Path, typer.Option(help="Folder to write the school into.")],
    roster: Annotated[
        Path | None, typer.Option(help="CSV: staff, role, induction_year, fte, department, mentor.")
    ] = None,
    calendar: Annotated[
        list[Path] | None,
        typer.Option(help="CSV: kind, name, first, last. Once for each school year that is known."),
    ] = None,
    grid: Annotated[
        Path | None, typer.Option(help="TOML: cycle_weeks and a table for each period.")
    ] = None,
    codes: Annotated[
        Path | None,
        typer.Option(help="TOML: what each code means; else the answers kept in the folder."),
    ] = None,
    solution: Annotated[
        str, typer.Option(help="Which solution of an XHSTT archive to take (the cheapest).")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a school's folder that is there.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Read a school's timetable into a folder, written whole or not at all."""
    from ectsim.timetables.importer import import_school  # noqa: PLC0415

    report = import_school(
        file, roster=roster, calendar=calendar, grid=grid, codes=codes, to=to, replace=replace,
        solution=solution,
    )  # fmt: skip
    _print(report.to_dict(), list(report.lines()), as_json=as_json)


@app.command()
def simulate(
    scenario: SCENARIO,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=10**18 - 1, help="Seed: the same seed gives the same digits (1)."),
    ] = None,
    replications: REPLICATIONS_OR_OWN = None,
    workers: WORKERS = None,
    years: YEARS = None,
    changes: SET = None,
    school: SCHOOL = None,
    log: Annotated[
        Path | None, typer.Option(help="Folder for the event logs of all years, as Parquet.")
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[METRIC=]HALF",
            help="Simulate until the 95 % interval is this narrow: 0.02, completion_full=0.01 or "
            "supply_cost=5%; --replications is then the most (2000).",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            help="With --precision: picture (.svg) or page (.html) of how it was reached."
        ),
    ] = None,
    as_json: JSON = False,
) -> None:
    """Say how many cycles will happen, which will be lost and why, what it costs."""
    from ectsim import analysis, words  # noqa: PLC0415

    chosen = _load(scenario, school, _changes(changes, years))
    the_seed = _seed(scenario, seed, school)
    if plot is not None and not precision:
        raise InputError("--plot shows how a precision is reached", remedy="add --precision 0.02")
    if plot is not None and plot.suffix.lower() not in (".svg", ".html"):
        raise InputError("a plot is .svg or .html", where=str(plot), remedy="name such a file")
    if precision:
        results, reached = _until(chosen, the_seed, precision, replications, workers)
        result = analysis.result_dict(results) | {"precision": reached}
        more = _precision_lines(reached, plot, chosen)
    else:
        (results,) = _replicate([chosen], the_seed, _replications(scenario, replications), workers)
        result, more = analysis.result_dict(results), []
    if log is not None:
        _write_logs(results, log)
    _print(result, [*words.simulate_lines(result), *more], as_json=as_json)


def _until(
    scenario: Scenario, seed: int, goals: list[str], most: int | None, workers: int | None
) -> tuple[Results, dict[str, Any]]:
    """Simulate until every goal is reached."""
    from ectsim import experiment as running  # noqa: PLC0415
    from ectsim.experiments import precision  # noqa: PLC0415

    rule = precision.Rule(precision.read_goals(goals), most=2000 if most is None else most)
    if rule.most < rule.least:
        raise InputError(
            f"a precision needs {rule.least} years", where=f"--replications {rule.most}",
            remedy="allow more, or leave it out",
        )  # fmt: skip
    count = running.default_workers() if workers is None else workers
    with running.local_pool(count) as pool, _progress(scenario.name) as progress:
        return precision.replicate_until(
            scenario, rule, seed=seed, executor=pool, progress=progress
        )


def _precision_lines(reached: dict[str, Any], plot: Path | None, scenario: Scenario) -> list[str]:
    """Say how a precision was reached, and draw it if a file is named."""
    from ectsim.analysis import LIMITS  # noqa: PLC0415
    from ectsim.experiments.reporting import precision_chart  # noqa: PLC0415
    from ectsim.experiments.store import write_whole  # noqa: PLC0415
    from ectsim.exports.picture import page, svg  # noqa: PLC0415

    chart = precision_chart(reached["goals"], reached["used"]) | {"banner": scenario.banner}
    if plot is not None:
        drawn = svg(chart) if plot.suffix.lower() == ".svg" else page(
            scenario.name, lead=[], charts=[chart], notes=[*scenario.warnings, LIMITS], banner=scenario.banner
        )  # fmt: skip
        write_whole(plot, drawn.encode(), remedy="name a file that you may write")
    rows = chart["table"]["rows"]
    return ["", chart["title"], *(f"  {row[0]}: {row[3]}, asked for {row[1]}" for row in rows)]


@app.command()
def experiment(
    design: Annotated[Path, typer.Argument(help="TOML file of the design, see docs/files.md.")],
    to: Annotated[
        Path,
        typer.Option(help="Folder of simulated years and results; several designs may share it."),
    ] = Path("my-experiments"),
    cluster: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Work on a Dask cluster: tcp://HOST:8786, or local for one on this machine.",
        ),
    ] = "",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was stopped; there must be one.")
    ] = False,
    workers: WORKERS = None,
    as_json: JSON = False,
) -> None:
    """Run a design of experiments: what the factors do, with tables and pictures; only what is missing is simulated."""
    from ectsim.experiments.designs import read_design  # noqa: PLC0415 - each command loads its own
    from ectsim.experiments.places import survive  # noqa: PLC0415
    from ectsim.experiments.reporting import keep, lines  # noqa: PLC0415
    from ectsim.experiments.running import run_design  # noqa: PLC0415
    from ectsim.experiments.store import Store  # noqa: PLC0415

    chosen, store = read_design(design), Store(to)
    try:
        with _stages() as progress:
            found = survive(
                lambda place: run_design(
                    chosen, store, executor=place.executor, lanes=place.lanes, progress=progress,
                    resume=resume,
                ),
                address=cluster, workers=workers,
            )  # fmt: skip
        result = keep(found, store)
    except KeyboardInterrupt:
        raise Cancelled(f"stopped; what was simulated is stored in {to}, --resume goes on with it") from None  # fmt: skip
    others = store.others()
    taken = f"{found.simulated:,} years simulated, {found.stored:,} were stored before"
    more = ["", f"{taken}. Report: {to / 'designs' / found.key / 'report.html'}"]
    if others:
        more.append(
            f"{others:,} stored years are another version's: they are kept and not used here."
        )
    _print(
        result | {"simulated": found.simulated, "other_versions": others},
        [*lines(found, result), *more], as_json=as_json,
    )  # fmt: skip


def _write_logs(results: Results, folder: Path) -> None:
    """Write one Parquet file with every year's events, whole or not at all."""
    import pandas as pd  # noqa: PLC0415

    from ectsim.analysis import LIMITS  # noqa: PLC0415
    from ectsim.model.year import simulate as one_year  # noqa: PLC0415

    frames = []
    for r in results.runs:
        frame = one_year(results.scenario, results.seed, r.index).to_frame()
        frame.insert(0, "replication", pd.Series(r.index, index=frame.index, dtype="int32"))
        frames.append(frame)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / "events.parquet.part"
        whole = pd.concat(frames, ignore_index=True)
        s = results.scenario
        whole.attrs = {"code": s.code(results.seed), "banner": s.banner, "limits": LIMITS}
        whole.to_parquet(part, index=False)
        part.replace(folder / "events.parquet")
    except OSError as error:
        raise InputError(
            f"the log cannot be written ({error.strerror or error})",
            where=str(folder),
            remedy="name a folder you may write to",
        ) from None


@app.command()
def compare(
    scenarios: Annotated[list[str], typer.Argument(help="Scenarios; the first is the base.")],
    seed: Annotated[int | None, typer.Option(min=0, max=10**18 - 1, help="Seed (1).")] = None,
    replications: REPLICATIONS = 200,
    workers: WORKERS = None,
    years: YEARS = None,
    changes: SET = None,
    each: Annotated[
        list[str] | None,
        typer.Option(
            "--try",
            metavar="'KEY=VALUE ...'",
            help="One more plan: the first with these changes. May be given again and again.",
        ),
    ] = None,
    school: SCHOOL = None,
    year: Annotated[
        int, typer.Option(min=1, help="Which simulated year to list week by week.")
    ] = 1,
    best: Annotated[
        str | None,
        typer.Option(
            metavar="METRIC",
            help="Find the best plan in this metric instead, such as completion_any; --replications is then the most years a plan gets.",
        ),
    ] = None,
    smallest: Annotated[
        float | None,
        typer.Option(help="With --best: the smallest difference that matters (0.02 of a share)."),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(help="With --best: how sure the choice must be (0.95).")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Let plans live through the same years: paired differences, a verdict, and which weeks differ."""
    from dataclasses import replace  # noqa: PLC0415

    from ectsim import words  # noqa: PLC0415

    if best is None and (smallest is not None or confidence is not None):
        raise InputError("--smallest and --confidence belong to --best", remedy="add --best completion_any")  # fmt: skip
    arms = [_load(s, school, _changes(None, years)) for s in scenarios]
    more = [changes] if changes else []
    for sets in (*more, *(text.split() for text in each or [])):
        if not sets:
            raise InputError("--try has no change", remedy="write --try 'plan.horizon=2'")
        made = arms[0].with_changes(_changes(sets), where="--set" if sets is changes else "--try")
        arms.append(replace(made, name=" ".join(sets)))
    if len(arms) < 2:
        raise InputError(
            "there is nothing to compare with",
            remedy="name a second scenario or use --set KEY=VALUE",
        )
    for arm in arms[1:]:
        if [p.id for p in arm.school.pairs] != [p.id for p in arms[0].school.pairs]:
            raise InputError(
                f"'{arm.name}' has other pairs than '{arms[0].name}'",
                remedy="compare plans of one school",
            )
    the_seed = _seed(scenarios[0], seed, school)
    if best is not None:
        _best(arms, best, smallest, confidence or 0.95, the_seed, replications, workers, as_json=as_json)  # fmt: skip
        return
    data = _compared(arms, the_seed, replications, workers, year)
    _print(data, words.compare_lines(data["base"], data["arms"], year), as_json=as_json)


def _compared(
    arms: list[Scenario], seed: int, replications: int, workers: int | None, year: int
) -> dict[str, Any]:
    """Compare plans with the first: what the command prints as JSON."""
    from ectsim import analysis  # noqa: PLC0415
    from ectsim.replay import differences  # noqa: PLC0415

    base, *others = _replicate(arms, seed, replications, workers)
    rows = []
    for arm, results in zip(arms[1:], others, strict=True):
        row = analysis.compare_dict(base, results, _all_changes(arms[0], arm))
        found = differences(arms[0], arm, seed, year - 1)
        row["weeks"] = [
            {"pair": d.pair, "cycle": d.cycle, "week": d.week, "before": d.before, "after": d.after,
             "because": d.because, "sentence": d.sentence()}
            for d in found
        ]  # fmt: skip
        rows.append(row)
    analysis.hold_together(base, others, rows)
    return {"base": analysis.result_dict(base), "arms": rows, "year": year}


def _best(
    arms: list[Scenario],
    metric: str,
    smallest: float | None,
    confidence: float,
    seed: int,
    most: int,
    workers: int | None,
    *,
    as_json: bool,
) -> None:
    from ectsim import experiment  # noqa: PLC0415
    from ectsim.experiments.selection import best_of  # noqa: PLC0415

    count = experiment.default_workers() if workers is None else workers
    with experiment.local_pool(count) as pool, _progress("years") as progress:
        found = best_of(
            arms, metric=metric, smallest=smallest, confidence=confidence, seed=seed, most=most,
            executor=pool, progress=progress,
        )  # fmt: skip
    _print(found.to_dict(), found.lines(), as_json=as_json)


def _all_changes(base: Scenario, other: Scenario) -> dict[str, tuple[object, object]]:
    out = {f"plan.{k}": v for k, v in base.plan.diff(other.plan).items()}
    mine, theirs = base.school.conditions.model_dump(), other.school.conditions.model_dump()
    out.update({f"conditions.{k}": (mine[k], theirs[k]) for k in mine if mine[k] != theirs[k]})
    return out


@app.command()
def story(
    scenario: SCENARIO,
    versus: Annotated[
        str | None, typer.Option(help="Another scenario to live through the same year.")
    ] = None,
    pair: Annotated[str | None, typer.Option(help="The pair's id: the ECT's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=10**18 - 1, help="Seed (1).")] = None,
    year: Annotated[int | None, typer.Option(min=1, help="Which simulated year (1).")] = None,
    years: YEARS = None,
    changes: SET = None,
    school: SCHOOL = None,
    as_json: JSON = False,
) -> None:
    """Tell one pair's year in sentences, or what two plans made of the same year."""
    from ectsim import stories  # noqa: PLC0415

    base = _load(scenario, school, _changes(None, years))
    extra = _changes(changes)
    the_seed = _seed(scenario, seed, school)
    if not base.school.pairs:
        raise InputError("the school has no pairs", remedy="import it with a roster")
    other = (
        _load(versus, school, _changes(changes, years))
        if versus
        else (base.with_changes(extra, where="--set") if extra else None)
    )
    told = stories.tell(base, other, pair=pair, seed=the_seed, year=year)
    _print(told, stories.lines(told), as_json=as_json)


@app.command()
def audit(
    scenario: SCENARIO, changes: SET = None, school: SCHOOL = None, as_json: JSON = False
) -> None:
    """Hold the hours against the entitlement, without dice."""
    from ectsim.audit import audit as check  # noqa: PLC0415

    chosen = _load(scenario, school, _changes(changes))
    found = check(chosen)
    _stamped(found.to_dict(), list(found.lines()), of=chosen, as_json=as_json)


@app.command()
def bench(as_json: JSON = False) -> None:
    """Measure speed and memory against the budgets, as ratios within this run."""
    from ectsim.bench import bench as measure  # noqa: PLC0415
    from ectsim.bench import bench_lines  # noqa: PLC0415

    figures = measure()
    _print({"figures": [f.to_dict() for f in figures]}, bench_lines(figures), as_json=as_json)


@app.command()
def register(as_json: JSON = False) -> None:
    """List every number with its source and range, and every fact with what represents it."""
    from ectsim.register import register_dict, register_lines  # noqa: PLC0415

    found = register_dict()
    _print(found, register_lines(found), as_json=as_json)


@app.command()
def drivers(
    scenario: Annotated[
        str, typer.Argument(help="As for simulate.", show_default=True)
    ] = "default",
    metric: Annotated[
        str, typer.Option(help="Of what: completion_any (held at all), completion_full, ...")
    ] = "completion_any",
    points: Annotated[
        int, typer.Option(min=10, max=100_000, help="Points of the design, two years each.")
    ] = 400,
    seed: Annotated[int | None, typer.Option(min=0, max=10**18 - 1, help="Seed (1).")] = None,
    workers: WORKERS = None,
    changes: SET = None,
    school: SCHOOL = None,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh",
            help="Compute anew what every result says of its drivers (data/drivers.json).",
        ),
    ] = False,
    as_json: JSON = False,
) -> None:
    """Say what drives an answer: shares of luck, of sources and of assumptions, and the three that matter most."""
    from ectsim import experiment  # noqa: PLC0415 - each command loads only what it needs
    from ectsim.experiments import drivers as rooms  # noqa: PLC0415
    from ectsim.share import data_dir  # noqa: PLC0415

    count = experiment.default_workers() if workers is None else workers
    chosen = _load(scenario, school, _changes(changes))
    with experiment.local_pool(count) as pool, _progress("points") as progress:
        if refresh:
            path = data_dir() / rooms.FILE
            data = rooms.refresh(path, points=points, executor=pool, progress=progress)
            _print(data, [f"Written: {path}"], as_json=as_json)
            return
        (found,) = rooms.drivers(
            chosen, metrics=(metric,), seed=_seed(scenario, seed, school), points=points,
            executor=pool, progress=progress,
        )  # fmt: skip
    _print(found.to_dict(), found.lines(), as_json=as_json)


@app.command()
def validate(
    seed: SEED = 1,
    replications: Annotated[
        int, typer.Option(min=2, max=100_000, help="Years an arm; the rule asks for 200.")
    ] = 40,
    points: Annotated[
        int,
        typer.Option(min=0, max=10_000, help="Points of the prior range; the rule asks for 200."),
    ] = 20,
    by_the_rule: Annotated[
        bool, typer.Option("--by-the-rule", help="200 years and 200 points: some minutes.")
    ] = False,
    workers: WORKERS = None,
    as_json: JSON = False,
) -> None:
    """Hold the model against published figures: one number is fitted, the rest predicted, misses said."""
    from ectsim import experiment, validation  # noqa: PLC0415

    if by_the_rule:
        replications, points = validation.RULE_YEARS, validation.RULE_POINTS
    count = experiment.default_workers() if workers is None else workers
    with experiment.local_pool(count) as pool, _stages() as progress:
        found = validation.validate(
            seed=seed, replications=replications, points=points, executor=pool, progress=progress
        )
    _print(found, validation.validation_lines(found), as_json=as_json)


@app.command()
def cohort(
    schools: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="How many schools (12,500: England).")
    ] = None,
    plan: Annotated[
        str, typer.Option(help="The plan of every school: found_time or timetabled.")
    ] = "found_time",
    seed: SEED = 1,
    replications: Annotated[
        int, typer.Option(min=1, max=1000, help="How many years each school lives through.")
    ] = 1,
    workers: WORKERS = None,
    changes: SET = None,
    as_json: JSON = False,
) -> None:
    """Live through a year of a made-up national cohort of first-year ECTs under one plan."""
    from ectsim import cohort as england  # noqa: PLC0415 - each command loads what it needs
    from ectsim import experiment  # noqa: PLC0415

    count = experiment.default_workers() if workers is None else workers
    with experiment.local_pool(count) as pool, _progress("schools") as progress:
        found = england.run(
            schools=schools, plan=plan, seed=seed, replications=replications,
            changes=_changes(changes), executor=pool, progress=progress,
        )  # fmt: skip
    result = found.to_dict()
    _print(result, england.lines(result), as_json=as_json)


@app.command()
def dossier(
    to: Annotated[Path, typer.Option(help="Folder to write dossier.html, .md and .json into.")],
    seed: SEED = 1,
    replications: Annotated[
        int, typer.Option(min=2, max=100_000, help="Simulated years behind each figure.")
    ] = 40,
    workers: WORKERS = None,
    as_json: JSON = False,
) -> None:
    """Write what a reader must know before trusting a result; fail if an item is empty or a law broken."""
    from ectsim import dossier as report  # noqa: PLC0415 - each command loads what it needs
    from ectsim import experiment  # noqa: PLC0415

    if to.exists() and not to.is_dir():
        raise InputError("this is no folder", where=str(to), remedy="name a folder for three files")
    count = experiment.default_workers() if workers is None else workers
    with experiment.local_pool(count) as pool, _stages() as progress:
        found = report.build(
            seed=seed, replications=replications, executor=pool, workers=count, progress=progress
        )
    files = found.write(to)
    counts = found.content["validation"]["counts"]
    lines = [
        f"{len(found.content['items'])} items filled, {len(found.content['laws'])} laws held; {counts['met']} comparisons with "
        f"published figures met, {counts['missed']} missed.",
        *(str(f) for f in files),
        f"SHA-256 of the content: {found.digest}",
    ]
    _print(found.to_dict(), lines, as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON schema of a scenario file."""
    from ectsim.schema import scenario_schema  # noqa: PLC0415 - each command loads what it needs

    typer.echo(json.dumps(scenario_schema(), ensure_ascii=False, indent=2))


@app.command()
def dashboard(
    name: Annotated[str, typer.Argument(help="Which dashboard.")] = "coordinator",
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port; by default the first free from 8866."),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address; open no browser.")
    ] = False,
    address: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0: every one of this machine.")
    ] = "127.0.0.1",
    public_url: Annotated[
        str, typer.Option(help="Address under which a proxy shows it: https://host/path.")
    ] = "",
    visitors: Annotated[
        int, typer.Option(min=0, max=500, help="How many are expected at once; pages kept ready.")
    ] = 1,
    most: Annotated[
        int | None, typer.Option(min=1, max=1000, help="How many there may be at once.")
    ] = None,
    pause: Annotated[
        int, typer.Option(min=1, max=1440, help="Minutes without a change that end a session.")
    ] = 240,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that simulate, for all together.")
    ] = 2,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Ask for no token: a proxy signs people in.")
    ] = False,
) -> None:
    """Open a dashboard in the browser, with the sample school, until Ctrl+C."""
    from ectsim.app.server import serve  # noqa: PLC0415 - loads the web server

    serve(
        name,
        port,
        not no_browser,
        address=address,
        public=public_url,
        visitors=visitors,
        most=most,
        pause=60 * pause,
        workers=workers,
        open_to_all=no_token,
        preload=("ectsim.desk", "ectsim.model.year", "ectsim.story"),
    )


@app.command()
def workbook(
    page: Annotated[
        str,
        typer.Argument(
            help="Lesson (a number), path (coordinator, mentor, researcher, trainer) or page."
        ),
    ] = "",
    to: Annotated[
        Path, typer.Option(help="Folder of your own notebooks and progress; made if it is missing.")
    ] = Path("my-workbook"),
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; by default the first free one.")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address; open no browser.")
    ] = False,
) -> int:
    """Open the workbook of lessons in JupyterLab, in a copy of your own."""
    from ectsim.workbook.opening import open_workbook  # noqa: PLC0415 - each command loads its own

    return open_workbook(page, to, port, browser=not no_browser)


@app.command()
def slots(
    scenario: SCENARIO,
    pair: Annotated[str | None, typer.Option(help="The pair's id: the ECT's.")] = None,
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many to list a week.")] = 3,
    changes: SET = None,
    school: SCHOOL = None,
    as_json: JSON = False,
) -> None:
    """Rank visit, meeting and reserve slots by the cycles that they can be expected to complete."""
    from ectsim.planner import survival, telling  # noqa: PLC0415

    chosen = _load(scenario, school, _changes(changes))
    found = survival.slots(chosen, pair, top=top)
    ids = list(dict.fromkeys(g["pair"] for g in found))
    without = [i for i in ids if not any(g["slots"] for g in found if g["pair"] == i)]
    _stamped(
        {"scenario": chosen.name, "groups": found, "without": without},
        telling.slot_lines(found, without),
        of=chosen,
        as_json=as_json,
    )


@app.command()
def pair(
    scenario: SCENARIO,
    any_mentor: Annotated[
        bool, typer.Option("--any-mentor", help="Let any colleague of the department mentor.")
    ] = False,
    caseload: Annotated[int, typer.Option(min=1, max=10, help="ECTs a mentor may have.")] = 2,
    to: Annotated[
        Path | None, typer.Option(help="TOML file to write the planned scenario to.")
    ] = None,
    changes: SET = None,
    school: SCHOOL = None,
    as_json: JSON = False,
) -> None:
    """Choose mentors and slots by expected completion; say what stands in the way where it cannot be."""
    from ectsim.planner import telling  # noqa: PLC0415
    from ectsim.planner.conflicts import conflicts  # noqa: PLC0415
    from ectsim.planner.pairing import pair_up  # noqa: PLC0415

    chosen = _load(scenario, school, _changes(changes))
    found = pair_up(chosen, any_mentor=any_mentor, caseload=caseload)
    stands = None
    if found.unserved or found.status == "infeasible":
        stands = conflicts(chosen, any_mentor=any_mentor, caseload=caseload)
    result = found.to_dict() | {
        "scenario": chosen.name,
        "conflicts": list(stands.sentences) if stands else [],
    }
    if to is not None:
        if found.status == "infeasible":
            raise InputError(
                "there is no lawful plan to write", remedy="; ".join(result["conflicts"])
            )
        telling.write_plan(found, chosen, to)
    _stamped(result, telling.pair_lines(result), of=chosen, as_json=as_json)


@app.command()
def launch(
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Compute the stored results of all trade-offs anew.")
    ] = False,
    grid: Annotated[
        bool,
        typer.Option("--grid", help="With --refresh: the rescue copy's grid of plans too (long)."),
    ] = False,
    workers: WORKERS = None,
    as_json: JSON = False,
) -> None:
    """List the trade-offs of a launch session with what the model found, or compute them anew."""
    from ectsim import atlas, experiment  # noqa: PLC0415 - each command loads what it needs
    from ectsim import launch as session  # noqa: PLC0415
    from ectsim.share import data_dir  # noqa: PLC0415

    if refresh:
        with experiment.local_pool(workers or experiment.default_workers()) as pool:
            found = session.refresh(data_dir() / "launch", executor=pool)
            if grid:
                with _progress("plans") as progress:
                    atlas.refresh(data_dir() / "launch", executor=pool, progress=progress)
    else:
        found = session.results()
    lines: list[str] = []
    for t in session.tradeoffs().values():
        lines += [t.title, f"  {t.question}", f"  {session.finding(t, found[t.id])}", ""]
    _print({"results": found}, [*lines, next(iter(found.values()))["limits"]], as_json=as_json)


@app.command()
def rescue(
    out: Annotated[Path, typer.Argument(help="HTML file to write.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a file that is there.")
    ] = False,
) -> None:
    """Write one HTML file with the trade-offs and a grid of plans, for a memory stick."""
    from ectsim.launch import store  # noqa: PLC0415 - each command loads what it needs
    from ectsim.rescue import rescue_html  # noqa: PLC0415

    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError("the copy is a page", where=str(out), remedy="name a file that ends in .html")  # fmt: skip
    if out.exists() and not replace:
        raise InputError("the file is there already", where=str(out), remedy="name another, or add --replace")  # fmt: skip
    store(out, rescue_html())
    typer.echo(f"Written: {out} ({out.stat().st_size / 1e6:.1f} MB). It opens from any disk, without internet.")  # fmt: skip


@app.command()
def export(
    scenario: SCENARIO,
    to: Annotated[Path, typer.Option(help="Folder to write into.")],
    seed: Annotated[int | None, typer.Option(min=0, max=10**18 - 1, help="Seed (1).")] = None,
    replications: REPLICATIONS_OR_OWN = None,
    workers: WORKERS = None,
    changes: SET = None,
    school: SCHOOL = None,
    as_json: JSON = False,
) -> None:
    """Write calendars for everybody, a workbook, a page for the head, and JSON; all can be read back."""
    from ectsim.exports.bundle import export as write  # noqa: PLC0415

    chosen = _load(scenario, school, _changes(changes))
    (results,) = _replicate(
        [chosen], _seed(scenario, seed, school), _replications(scenario, replications), workers
    )
    done = write(results, to)
    lines = [
        f"{to / 'plan.html'}: one page for the head, prints on A4",
        f"{to / 'plan.xlsx'}: slots, ledger, hours, assumptions",
        f"{to / 'plan.json'}: the same for programs",
        f"{to / 'calendars'}: {done['events']} dated events for {len(done['files']) - 3} people"
        + (f", {done['cancelled']} cancelled since the export before" if done["cancelled"] else ""),
        f"ectsim simulate {to / 'plan.xlsx'} gives the same numbers (so do the other two).",
    ]
    _print(
        {"scenario": chosen.name, "code": chosen.code(results.seed), **done}, lines, as_json=as_json
    )


@app.command()
def enough(
    scenario: SCENARIO,
    target: Annotated[float, typer.Option(help="Share of cycles to reach, such as 0.8.")] = 0.8,
    confidence: Annotated[float, typer.Option(help="In which share of years, such as 0.9.")] = 0.9,
    metric: Annotated[
        str, typer.Option(help="Of what: completion_any (held at all), completion_full, ...")
    ] = "completion_any",
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="A lever not to be moved: meeting, visit, reserve, checkin, supervisors."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=10**18 - 1, help="Seed (1).")] = None,
    replications: REPLICATIONS = 200,
    workers: WORKERS = None,
    changes: SET = None,
    school: SCHOOL = None,
    as_json: JSON = False,
) -> None:
    """Find the cheapest protection that reaches a target, and what the next minutes would buy."""
    from ectsim import experiment  # noqa: PLC0415 - each command loads only what it needs
    from ectsim.planner.enough import enough as search  # noqa: PLC0415

    chosen = _load(scenario, school, _changes(changes))
    count = experiment.default_workers() if workers is None else workers
    with experiment.local_pool(count) as pool, _progress("packages") as progress:
        found = search(
            chosen, target=target, confidence=confidence, metric=metric, keep=keep or (),
            seed=_seed(scenario, seed, school), replications=replications, executor=pool,
            lanes=count, progress=progress,
        )  # fmt: skip
    _print(found.to_dict(), found.lines(), as_json=as_json)


@app.command()
def stress(
    scenario: SCENARIO,
    target: Annotated[float, typer.Option(help="Share of cycles to keep, such as 0.8.")] = 0.8,
    metric: Annotated[
        str, typer.Option(help="Of what: completion_any (held at all), completion_full, ...")
    ] = "completion_any",
    seed: Annotated[int | None, typer.Option(min=0, max=10**18 - 1, help="Seed (1).")] = None,
    replications: REPLICATIONS = 40,
    workers: WORKERS = None,
    changes: SET = None,
    school: SCHOOL = None,
    as_json: JSON = False,
) -> None:
    """Find the smallest shock that breaks a plan, the worst ones, and what would help."""
    from ectsim import experiment  # noqa: PLC0415 - each command loads only what it needs
    from ectsim.planner.stress import stress as search  # noqa: PLC0415

    chosen = _load(scenario, school, _changes(changes))
    count = experiment.default_workers() if workers is None else workers
    with experiment.local_pool(count) as pool, _progress("stress") as progress:
        found = search(
            chosen, target=target, metric=metric, seed=_seed(scenario, seed, school),
            replications=replications, executor=pool, progress=progress,
        )  # fmt: skip
    _print(found.to_dict(), found.lines(), as_json=as_json)


@app.command()
def forecast(
    scenario: SCENARIO,
    logs: Annotated[
        list[Path],
        typer.Argument(
            metavar="LOG...", help="CSV: week, due, observed, met. No names. Several: one a school."
        ),
    ],
    seed: Annotated[int | None, typer.Option(min=0, max=10**18 - 1, help="Seed (1).")] = None,
    replications: REPLICATIONS = 600,
    workers: WORKERS = None,
    changes: SET = None,
    school: SCHOOL = None,
    plans: Annotated[
        list[str] | None,
        typer.Option(
            "--plan",
            help="With several logs: the scenario of each, in their order, if they differ.",
        ),
    ] = None,
    as_json: JSON = False,
) -> None:
    """Learn a school's own rates from its log and forecast the year's end; or those of several schools."""
    from ectsim import calibrate, experiment  # noqa: PLC0415 - each command loads only what it needs
    from ectsim.folder import read_text  # noqa: PLC0415

    if plans and len(plans) != len(logs):
        raise InputError(f"{len(plans)} plans do not belong to {len(logs)} logs", remedy="give --plan once for each log, or not at all")  # fmt: skip
    chosen = [_load(p, school, _changes(changes)) for p in plans or [scenario]]
    chosen = chosen if plans else chosen * len(logs)
    known = [
        calibrate.read_log(read_text(path), s, where=path.name)
        for path, s in zip(logs, chosen, strict=True)
    ]
    count = experiment.default_workers() if workers is None else workers
    the_seed = _seed(scenario, seed, school)
    data: dict[str, Any]
    with experiment.local_pool(count) as pool, _progress("forecast") as progress:
        if len(logs) == 1:
            one = calibrate.forecast(
                chosen[0],
                known[0],
                seed=the_seed,
                years=replications,
                executor=pool,
                progress=progress,
            )
            data, lines = one.to_dict(), one.lines()
        else:
            from ectsim.experiments import partners  # noqa: PLC0415 - numpy, only here

            group = partners.forecast(
                chosen, known, names=[path.name for path in logs], seed=the_seed, count=replications,
                executor=pool, progress=progress,
            )  # fmt: skip
            skipped = [
                f"{path.name}, {b}" for path, log in zip(logs, known, strict=True) for b in log.bad
            ]
            data, lines = {**group.to_dict(), "skipped": skipped}, group.lines()
            lines += [f"{len(skipped)} rows were skipped:", *(f"  {b}" for b in skipped[:20])] if skipped else []  # fmt: skip
    _print(data, lines, as_json=as_json)

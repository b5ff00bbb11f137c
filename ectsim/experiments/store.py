"""The store of results: Parquet parts and a manifest in a folder, each written whole or not at all.

    parts/*.parquet     rows of simulated years; a part's name is the hash of what stands in it
    designs/KEY/        design.json from the start, then results, effects, a report and its pictures
    runs/*.json         one file a process that worked here: versions, hashes, machine, times
    manifest.json       all of that in one place, made anew from the rest at every change

A row's key is (code and data, scenario, seed, replication), so the same year is found again whatever
design asked for it. Every file is written beside its place and renamed into it. Nothing is ever
changed in place, therefore several processes may write at once, and a process that is killed leaves
a valid store. Two that compute the same year write the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ectsim.errors import InputError
from ectsim.experiments import provenance
from ectsim.ledger import BINS
from ectsim.metrics import METRICS

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

__all__ = ["FORMAT", "Store", "Year", "parquet", "write_whole"]

FORMAT = 1
OLD_SCRAP = 3600.0
"""Seconds after which a half-written file of a killed process is cleared away."""


class Year(NamedTuple):
    """What is stored of a simulated year.

    Parameters
    ----------
    scenario : str
        Key of the scenario (:func:`ectsim.experiments.provenance.scenario_key`).
    replication : int
        Which year under the seed, 0 is the first.
    due : int
        Cycles due.
    bins : tuple of int
        Cycles by bin, in the order of ``ledger.BINS``.
    metrics : tuple of float
        In the order of ``metrics.METRICS``.
    """

    scenario: str
    replication: int
    due: int
    bins: tuple[int, ...]
    metrics: tuple[float, ...]


ROOM = "make room or name another folder; what was stored is kept, --resume goes on with it"


def write_whole(path: Path, content: bytes, *, remedy: str = ROOM) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Where; a file that is there is replaced.
    content : bytes
        What.
    remedy : str
        What to do when it cannot be written.

    Raises
    ------
    InputError
        If it cannot be written, such as when the disk is full; what was there is still there.
    """
    scrap = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scrap.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scrap.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            scrap.unlink(missing_ok=True)
        raise InputError(
            f"the result cannot be written ({error.strerror or error})", where=str(path.parent),
            remedy=remedy,
        ) from None  # fmt: skip


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


class Store:
    """A folder of results.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where; made at the first write.

    Raises
    ------
    InputError
        If the folder holds something else, or a store of a form that this version cannot read.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.parts = self.folder / "parts"
        self.base = provenance.hashes()
        self._run: dict[str, Any] = {}
        self._run_name = ""
        self._check()

    def _check(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError("this is a file", where=str(self.folder), remedy="name a folder")
        manifest = self.folder / "manifest.json"
        if not manifest.is_file():
            strange = self.folder.is_dir() and any(
                p.name not in ("parts", "designs", "runs") and not p.name.startswith(".")
                for p in self.folder.iterdir()
            )
            if strange:
                raise InputError(
                    "the folder is not empty and holds no results", where=str(self.folder),
                    remedy="name another folder",
                )  # fmt: skip
            return
        try:
            data = json.loads(manifest.read_text(encoding="utf-8"))
            form = data["format"]
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(
                "the manifest cannot be read", where=str(manifest),
                remedy="delete manifest.json; it is made anew from the parts",
            ) from None  # fmt: skip
        if form != FORMAT:
            raise InputError(
                f"these results have form {form}, this version of ectsim reads form {FORMAT}",
                where=str(self.folder),
                remedy=f"open them with ectsim {data.get('version', 'of another version')}",
            )

    # --- writing -----------------------------------------------------------------------------

    def begin(self, design: str, seed: int) -> None:
        """Note that a process starts to work here.

        Parameters
        ----------
        design : str
            Key of the design.
        seed : int
            Its seed.
        """
        self._sweep()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self._run_name = f"{stamp}-{secrets.token_hex(4)}"
        self._run = {
            "started": _now(), "finished": None, "design": design, "seed": seed,
            "code": provenance.code_hash(), "data": provenance.data_hash(),
            "versions": provenance.versions(), "machine": provenance.machine(),
            "simulated_years": 0, "parts": [],
        }  # fmt: skip
        self._note()
        self.write_manifest()

    def end(self) -> None:
        """Note that the process has done what it came for."""
        self._run["finished"] = _now()
        self._note()
        self.write_manifest()

    def _note(self) -> None:
        write_whole(self.folder / "runs" / f"{self._run_name}.json", _json(self._run))

    def write_manifest(self) -> None:
        """Make ``manifest.json`` anew from what lies in the folder."""
        runs = {p.stem: read_json(p) for p in sorted((self.folder / "runs").glob("[0-9]*.json"))}
        designs = sorted(p.parent.name for p in (self.folder / "designs").glob("*/design.json"))
        parts = sorted(p.name for p in self._all_parts())
        manifest = {
            "format": FORMAT, "version": provenance.versions()["ectsim"], "designs": designs,
            "parts": parts, "runs": runs,
        }  # fmt: skip
        write_whole(self.folder / "manifest.json", _json(manifest))

    def _sweep(self) -> None:
        """Clear away what killed processes left half-written."""
        for scrap in self.folder.rglob(".*.part"):
            with contextlib.suppress(OSError):  # another process was quicker
                if time.time() - scrap.stat().st_mtime > OLD_SCRAP:
                    scrap.unlink()

    def add(self, rows: Sequence[Year], seed: int) -> Path:
        """Write a part.

        Parameters
        ----------
        rows : sequence of Year
            Simulated years.
        seed : int
            Their seed.

        Returns
        -------
        pathlib.Path
            The part. One of the same content may have been there already.
        """
        content = _part(rows, seed, self.base)
        path = self.parts / f"{hashlib.sha256(content).hexdigest()[:24]}.parquet"
        if not path.exists():
            write_whole(path, content)
        if self._run:
            self._run["parts"].append(path.name)
            self._run["simulated_years"] += len(rows)
            self._note()
        return path

    def put(self, design: str, name: str, content: bytes) -> Path:
        """Write a file of a design.

        Parameters
        ----------
        design : str
            Key of the design.
        name : str
            Name of the file.
        content : bytes
            What stands in it.
        """
        path = self.folder / "designs" / design / name
        write_whole(path, content)
        return path

    # --- reading -----------------------------------------------------------------------------

    def _all_parts(self) -> list[Path]:
        # a hidden file is one that is still being written
        return sorted(p for p in self.parts.glob("*.parquet") if not p.name.startswith("."))

    @contextlib.contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the store in DuckDB.

        Yields
        ------
        duckdb.DuckDBPyConnection
            With a view ``years`` of all simulated years, each once (columns ``base``, ``scenario``,
            ``seed``, ``replication``, ``due``, ``bin_...`` and the metrics; what an older version did
            not measure is empty), and for each finished design a view ``results_KEY``.

        Raises
        ------
        InputError
            If a part is damaged, or DuckDB does not understand what it is asked.
        """
        import duckdb  # noqa: PLC0415 - only where it is asked
        import pyarrow as pa  # noqa: PLC0415 - heavy

        con = duckdb.connect(":memory:")
        parts = self._all_parts()
        try:
            con.register("_parts", _dataset(parts) if parts else _table([], 0, self.base))
            con.execute(
                "create view years as select * from _parts qualify row_number() over "
                "(partition by base, scenario, seed, replication) = 1"
            )
            for path in sorted((self.folder / "designs").glob("*/results.parquet")):
                con.register(f"results_{path.parent.name}", _dataset([path]))
            yield con
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            for path in parts:
                if not whole(path):
                    raise InputError(
                        "this part is damaged", where=str(path),
                        remedy="delete it; the next run simulates its years again",
                    ) from None  # fmt: skip
            raise InputError(f"the query fails: {error}", remedy="see Store.connect") from None
        finally:
            con.close()

    def query(self, sql: str) -> pd.DataFrame:
        """Ask the store in SQL; :meth:`connect` says which views there are.

        Raises
        ------
        InputError
            If DuckDB does not understand it.
        """
        with self.connect() as con:
            found: pd.DataFrame = con.execute(sql).df()
        return found

    def known(self, seed: int) -> dict[str, set[int]]:
        """Return which years of a seed are stored for this code and data: replications by scenario."""
        out: dict[str, set[int]] = {}
        with self.connect() as con:
            rows = con.execute(
                "select scenario, replication from years where base = ? and seed = ?",
                [self.base, seed],
            ).fetchall()
        for scenario, replication in rows:
            out.setdefault(str(scenario), set()).add(int(replication))
        return out

    def years(self, wanted: Sequence[tuple[str, int]], seed: int) -> pa.Table:
        """Return the simulated years of some scenarios.

        Parameters
        ----------
        wanted : sequence of (str, int)
            Key of each scenario, and how many of its first years.
        seed : int
            Their seed.

        Returns
        -------
        pyarrow.Table
            Columns ``point`` (place in ``wanted``), ``replication``, ``due``, ``bin_...``, metrics; in
            order of point and replication.
        """
        import pyarrow as pa  # noqa: PLC0415 - heavy

        points = pa.table(
            {
                "point": pa.array(range(len(wanted)), pa.int32()),
                "scenario": pa.array([k for k, _ in wanted], pa.string()),
                "many": pa.array([n for _, n in wanted], pa.int32()),
            }
        )
        columns = ", ".join(f'years."{c}"' for c in ("due", *_BIN_COLUMNS, *METRICS))
        with self.connect() as con:
            con.register("_points", points)
            return con.sql(
                f"select point, replication, {columns} from _points join years using (scenario) "
                "where base = ? and seed = ? and replication < many order by point, replication",
                params=[self.base, seed],
            ).to_arrow_table()

    def others(self) -> int:
        """Return how many stored years belong to another version of code or data."""
        with self.connect() as con:
            row = con.execute("select count(*) from years where base <> ?", [self.base]).fetchone()
        return int(row[0]) if row else 0

    def begun(self, design: str) -> bool:
        """Say whether a design was begun here."""
        return (self.folder / "designs" / design / "design.json").is_file()

    def result(self, design: str = "") -> dict[str, Any]:
        """Return a finished design's result; without a key that of the only one there is.

        Raises
        ------
        InputError
            If there is none, or the key is needed.
        """
        found = {p.parent.name: p for p in (self.folder / "designs").glob("*/result.json")}
        if not design and len(found) == 1:
            design = next(iter(found))
        if design not in found:
            raise InputError(
                f"no finished design '{design}'" if design else "which design?",
                where=str(self.folder), remedy=f"there is: {', '.join(sorted(found)) or 'none'}",
            )  # fmt: skip
        return read_json(found[design])


_BIN_COLUMNS = tuple(f"bin_{b}" for b in BINS)


def _dataset(paths: Sequence[Path]) -> Any:
    """Return files as one table that is read as far as a query needs; columns that a file lacks are empty."""
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.dataset as ds  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy

    schema = pa.unify_schemas([pq.read_schema(p) for p in paths], promote_options="permissive")
    return ds.dataset([str(p) for p in paths], schema=schema, format="parquet")


def whole(path: Path) -> bool:
    """Say whether a part holds what its name says."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:24] == path.stem
    except OSError:
        return False


def _table(rows: Sequence[Year], seed: int, base: str) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    columns: dict[str, Any] = {
        "base": pa.array([base] * len(rows), pa.string()),
        "scenario": pa.array([y.scenario for y in rows], pa.string()),
        "seed": pa.array([seed] * len(rows), pa.int64()),
        "replication": pa.array([y.replication for y in rows], pa.int32()),
        "due": pa.array([y.due for y in rows], pa.int32()),
    }
    for i, name in enumerate(_BIN_COLUMNS):
        columns[name] = pa.array([y.bins[i] for y in rows], pa.int32())
    for i, name in enumerate(METRICS):
        columns[name] = pa.array([y.metrics[i] for y in rows], pa.float64())
    return pa.table(columns)


def parquet(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file; the same table gives the same bytes."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy

    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def _part(rows: Sequence[Year], seed: int, base: str) -> bytes:
    return parquet(_table(sorted(rows, key=lambda year: year[:2]), seed, base))


def read_json(path: Path) -> dict[str, Any]:
    """Read a file of the store.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(
            "the file cannot be read", where=str(path), remedy="delete it and run again"
        ) from None
    return found


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

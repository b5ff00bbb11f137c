"""The store of results: Parquet parts and a manifest in a folder, each written whole or not at all.

    parts/*.parquet     rows of simulated years; a part's name is the hash of what stands in it
    designs/KEY/        design.json, points.parquet, results.parquet, summary.json and a picture
    runs/*.json         one file a process that worked here: versions, hashes, machine, times
    manifest.json       all of that in one place, made anew from the rest at every change

A row's key is (code and data, scenario, seed, replication), so the same year is found again whatever
design asked for it. Every file is written beside its place and renamed into it. Nothing is ever
changed in place, therefore several processes may write at once, and a process that is killed leaves
a valid store. Two that compute the same year write the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ectsim.errors import InputError
from ectsim.experiment import Replication
from ectsim.experiments import provenance
from ectsim.ledger import BINS
from ectsim.metrics import METRICS

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

__all__ = ["FORMAT", "Row", "Store", "write_whole"]

FORMAT = 1
OLD_SCRAP = 3600.0
"""Seconds after which a half-written file of a killed process is cleared away."""

Row = tuple[str, Replication]
"""A simulated year as the store takes it: key of the scenario, and what was measured."""

Missing = tuple[str, int]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Where; a file that is there is replaced.
    content : bytes
        What.

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
        scrap.unlink(missing_ok=True)
        raise InputError(
            f"the result cannot be written ({error.strerror or error})", where=str(path.parent),
            remedy="make room or name another folder; what was stored is kept, --resume goes on with it",
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
        self.base = f"{provenance.code_hash()}-{provenance.data_hash()}"
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

    def end(self) -> None:
        """Note that the process has done what it came for."""
        self._run["finished"] = _now()
        self._note()

    def _note(self) -> None:
        write_whole(self.folder / "runs" / f"{self._run_name}.json", _json(self._run))
        self.write_manifest()

    def write_manifest(self) -> None:
        """Make ``manifest.json`` anew from what lies in the folder."""
        runs = {p.stem: _read(p) for p in sorted((self.folder / "runs").glob("[0-9]*.json"))}
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
            try:
                if time.time() - scrap.stat().st_mtime > OLD_SCRAP:
                    scrap.unlink()
            except OSError:
                continue  # another process was quicker

    def add(self, rows: Sequence[Row], seed: int) -> Path:
        """Write a part.

        Parameters
        ----------
        rows : sequence of (str, Replication)
            Simulated years, each with its scenario's key.
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

    def _all_parts(self) -> Iterable[Path]:
        # a hidden file is one that is still being written
        return (p for p in self.parts.glob("*.parquet") if not p.name.startswith("."))

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open the store in DuckDB.

        Returns
        -------
        duckdb.DuckDBPyConnection
            With a view ``runs`` of all simulated years, each once (columns ``base``, ``scenario``,
            ``seed``, ``replication``, ``due``, ``bin_...`` and the metrics), and for each design
            that is finished a view ``results_KEY``.
        """
        import duckdb  # noqa: PLC0415 - only where it is asked

        con = duckdb.connect(":memory:")
        parts = sorted(str(p) for p in self._all_parts())
        if parts:
            con.register("_parts", self._arrow(parts))
        else:
            con.register("_parts", _table([], 0, self.base))
        con.execute(
            "create view runs as select * from _parts qualify row_number() over "
            "(partition by base, scenario, seed, replication) = 1"
        )
        for path in sorted((self.folder / "designs").glob("*/results.parquet")):
            where = str(path).replace("'", "''")
            con.execute(
                f"create view results_{path.parent.name} as select * from read_parquet('{where}')"
            )
        return con

    def _arrow(self, parts: Sequence[str]) -> pa.Table:
        import pyarrow as pa  # noqa: PLC0415 - heavy
        import pyarrow.parquet as pq  # noqa: PLC0415 - heavy

        tables = []
        for path in parts:
            try:
                tables.append(pq.read_table(path))
            except (OSError, pa.ArrowException):
                raise InputError(
                    "this part is damaged", where=path,
                    remedy="delete it; the next run simulates its years again",
                ) from None  # fmt: skip
        # a version may have added or dropped a metric: what a part lacks is empty
        return pa.concat_tables(tables, promote_options="default").replace_schema_metadata(None)

    def query(self, sql: str) -> pd.DataFrame:
        """Ask the store in SQL; :meth:`connect` says which views there are.

        Raises
        ------
        InputError
            If DuckDB does not understand it.
        """
        import duckdb  # noqa: PLC0415 - as above

        con = self.connect()
        try:
            found: pd.DataFrame = con.execute(sql).df()
            return found
        except duckdb.Error as error:
            raise InputError(f"the query fails: {error}", remedy="see Store.connect") from None
        finally:
            con.close()

    def known(self, seed: int) -> set[Missing]:
        """Return which years of a seed are stored for this code and data: (scenario, replication)."""
        con = self.connect()
        try:
            rows = con.execute(
                "select scenario, replication from runs where base = ? and seed = ?",
                [self.base, seed],
            ).fetchall()
        finally:
            con.close()
        return {(str(k), int(r)) for k, r in rows}

    def years(self, keys: Sequence[str], seed: int, replications: int) -> pa.Table:
        """Return the simulated years of some scenarios, in order of the keys and of replication.

        Returns
        -------
        pyarrow.Table
            Columns ``point`` (place in ``keys``), ``replication``, ``due``, ``bin_...``, metrics.
        """
        import pyarrow as pa  # noqa: PLC0415 - heavy

        con = self.connect()
        try:
            points = pa.table({"point": list(range(len(keys))), "scenario": list(keys)})
            con.register("points", points)
            columns = ", ".join(f'runs."{c}"' for c in ("due", *_BIN_COLUMNS, *METRICS))
            return con.execute(
                f"select point, replication, {columns} from points join runs using (scenario) "
                "where base = ? and seed = ? and replication < ? order by point, replication",
                [self.base, seed, replications],
            ).to_arrow_table()
        finally:
            con.close()

    def others(self) -> int:
        """Return how many stored years belong to another version of code or data."""
        con = self.connect()
        try:
            row = con.execute("select count(*) from runs where base <> ?", [self.base]).fetchone()
        finally:
            con.close()
        return int(row[0]) if row else 0

    def design(self, key: str = "") -> Mapping[str, Any]:
        """Return a finished design's summary; without a key the only one there is.

        Raises
        ------
        InputError
            If there is none, or the key is needed.
        """
        found = {p.parent.name: p for p in (self.folder / "designs").glob("*/summary.json")}
        if not key and len(found) == 1:
            key = next(iter(found))
        if key not in found:
            raise InputError(
                f"no finished design '{key}'" if key else "which design?", where=str(self.folder),
                remedy=f"there is: {', '.join(sorted(found)) or 'none'}",
            )  # fmt: skip
        return _read(found[key])


_BIN_COLUMNS = tuple(f"bin_{b}" for b in BINS)


def _table(rows: Sequence[Row], seed: int, base: str) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    years = [r for _, r in rows]
    columns: dict[str, Any] = {
        "base": pa.array([base] * len(rows), pa.string()),
        "scenario": pa.array([k for k, _ in rows], pa.string()),
        "seed": pa.array([seed] * len(rows), pa.int64()),
        "replication": pa.array([r.index for r in years], pa.int32()),
        "due": pa.array([r.due for r in years], pa.int32()),
    }
    for i, name in enumerate(_BIN_COLUMNS):
        columns[name] = pa.array([r.bins[i] for r in years], pa.int32())
    for i, name in enumerate(METRICS):
        columns[name] = pa.array([r.metrics[i] for r in years], pa.float64())
    return pa.table(columns)


def parquet(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file; the same table gives the same bytes."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy

    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def _part(rows: Sequence[Row], seed: int, base: str) -> bytes:
    ordered = sorted(rows, key=lambda row: (row[0], row[1].index))
    return parquet(_table(ordered, seed, base))


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(
            "the file cannot be read", where=str(path), remedy="delete it and run again"
        ) from None
    return found


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

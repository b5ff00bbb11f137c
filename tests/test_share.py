"""The folders that travel with ectsim are found in a checkout and in a wheel."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ectsim
from ectsim import share

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["data", "dashboards", "notebooks"])
def test_a_checkout_has_them_at_the_top(name):
    assert getattr(share, f"{name}_dir")() == CHECKOUT / name


@pytest.mark.parametrize("name", ["data", "dashboards", "notebooks"])
def test_a_wheel_has_them_inside_the_package(name, tmp_path, monkeypatch):
    inside = tmp_path / "site-packages/ectsim/_share" / name
    inside.mkdir(parents=True)
    (tmp_path / "site-packages" / name).mkdir()  # another package's folder of that name
    monkeypatch.setattr(share, "_PACKAGE", tmp_path / "site-packages/ectsim")
    assert getattr(share, f"{name}_dir")() == inside


def test_the_template_is_part_of_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(share, "_PACKAGE", tmp_path)
    there = tmp_path / "app/jupyter/voila/templates/ectsim"
    there.mkdir(parents=True)
    assert share.template_dir() == there
    assert share.template_dir().parents[2] == tmp_path / "app/jupyter"


@pytest.mark.parametrize("name", ["data", "dashboards", "notebooks", "template"])
def test_a_missing_folder_is_named(name, tmp_path, monkeypatch):
    monkeypatch.setattr(share, "_PACKAGE", tmp_path / "ectsim")
    with pytest.raises(FileNotFoundError, match=r"is missing; looked for .*ectsim"):
        getattr(share, f"{name}_dir")()


def test_importing_loads_nothing_heavy():
    heavy = "{'numpy', 'pandas', 'pydantic', 'simpy', 'pyarrow', 'IPython', 'typer'}"
    code = f"import sys, ectsim, ectsim.share; print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert told.stdout.strip() == "[]"


def test_one_version_everywhere():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == ectsim.__version__
    assert f"\nversion: {ectsim.__version__}\n" in (CHECKOUT / "CITATION.cff").read_text("utf-8")

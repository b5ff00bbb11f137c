"""The lock holds names, versions, markers and hashes, and no address of any kind."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[1]
LOCK = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

FORBIDDEN = {
    "an address": r"://",
    "a file address": r"file:",
    "an index option": r"(?m)^\s*(-i\b|--(extra-)?index)|--index",
    "a link option": r"(?m)^\s*-f\b|--find-links",
    "another file": r"(?m)^\s*(-r|-c|-e|--requirement|--constraint|--editable)\b",
    "a trusted host": r"--trusted-host",
    "a direct reference": r"(?m)^[\w.-]+(\[[^]]*\])?\s*@",
    "an absolute path": r"(?m)(^|[\s'\"=(])(/|~/|[A-Za-z]:\\)",
}


def forbidden(text: str) -> list[str]:
    return [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text)]


def pins() -> dict[str, list[str]]:
    """Every pinned name with the text of its entries."""
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", LOCK)
    found: dict[str, list[str]] = {}
    for entry in entries:
        if match := re.match(r"([A-Za-z0-9][\w.-]*)==[\w.+!]+", entry):
            found.setdefault(canonicalize_name(match[1]), []).append(entry)
    return found


def test_no_address_option_or_path_is_in_the_lock():
    assert forbidden(LOCK) == []


@pytest.mark.parametrize(
    "line",
    [
        "numpy @ https://example.org/numpy.whl",
        "    # via file:requirements.in",
        "--index-url mirror",
        "--extra-index-url mirror",
        "-i mirror",
        "--find-links wheels",
        "-f wheels",
        "-r other.txt",
        "-e .",
        "    # via -r /home/somebody/requirements.in",
        "    # via C:\\Users\\somebody",
        "numpy @ wheels/numpy.whl",
        "--trusted-host mirror",
    ],
)
def test_the_check_sees_what_it_looks_for(line):
    assert forbidden(f"numpy==2.4.6 \\\n    --hash=sha256:00\n{line}\n")


def test_every_entry_is_a_pin_with_a_hash():
    lines = [line for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]
    entries = [entry for several in pins().values() for entry in several]
    assert len(lines) == len(entries) > 100
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("extra", ["", *PROJECT["optional-dependencies"]])
def test_every_dependency_is_pinned_within_its_bounds(extra):
    wanted = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    found = pins()
    for text in wanted:
        requirement = Requirement(text)
        versions = [
            re.match(r"[^=]+==([\w.+!]+)", entry)[1]
            for entry in found.get(canonicalize_name(requirement.name), [])
        ]
        assert versions, f"{requirement.name} is not in the lock"
        assert all(requirement.specifier.contains(v) for v in versions), (text, versions)


def test_what_builds_the_package_is_pinned():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    for text in project["build-system"]["requires"]:
        assert canonicalize_name(Requirement(text).name) in pins()


def test_torch_stays_out():
    assert "torch" not in pins()

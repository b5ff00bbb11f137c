"""What all tests share: the school files, and how hard hypothesis looks."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parents[1]

settings.register_profile("default", max_examples=50, deadline=None, derandomize=True)
settings.register_profile(
    "deep",
    max_examples=1000,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("default")


def pytest_configure(config: pytest.Config) -> None:
    """Take hypothesis's deep profile in a deep run, unless a profile was asked for."""
    asked = config.getoption("--hypothesis-profile", default=None)
    if not asked and config.getoption("markexpr").strip() == "deep":
        settings.load_profile("deep")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the school files that may not be redistributed."""
    named = os.environ.get("ECTSIM_REAL_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(
            "the school files may not be redistributed and are not on this machine "
            "(ECTSIM_REAL_DATA names their folder)"
        )
    return folder

"""Find the folders that travel with ectsim: data, dashboards, notebooks, the Voila template.

In a checkout they stand beside the package. In an installed wheel they stand inside it, in
``ectsim/_share``. The rest of the package asks here and never builds such a path itself.
"""

from pathlib import Path

__all__ = ["dashboards_dir", "data_dir", "notebooks_dir", "template_dir"]

_PACKAGE = Path(__file__).resolve().parent


def data_dir() -> Path:
    """Folder of programme presets, events, calendars, the sample school and their sources.

    Returns
    -------
    pathlib.Path
        An existing folder.

    Raises
    ------
    FileNotFoundError
        If the folder is in neither place; the message names both.
    """
    return _find("data")


def dashboards_dir() -> Path:
    """Folder of the thin notebooks that Voila serves, one for each dashboard.

    Returns
    -------
    pathlib.Path
        An existing folder.

    Raises
    ------
    FileNotFoundError
        If the folder is in neither place; the message names both.
    """
    return _find("dashboards")


def notebooks_dir() -> Path:
    """Folder of the workbook's lessons.

    Returns
    -------
    pathlib.Path
        An existing folder.

    Raises
    ------
    FileNotFoundError
        If the folder is in neither place; the message names both.
    """
    return _find("notebooks")


def template_dir() -> Path:
    """Folder of the Voila template, which is part of the package.

    Voila looks for it as ``voila/templates/ectsim`` below each entry of ``JUPYTER_PATH``; the
    entry to add is therefore ``template_dir().parents[2]``.

    Returns
    -------
    pathlib.Path
        An existing folder.

    Raises
    ------
    FileNotFoundError
        If the package was installed without it; the message says where it should be.
    """
    return _existing("Voila template", [_PACKAGE / "app/jupyter/voila/templates/ectsim"])


def _find(name: str) -> Path:
    return _existing(name, [_PACKAGE / "_share" / name, _PACKAGE.parent / name])


def _existing(name: str, places: list[Path]) -> Path:
    for place in places:
        if place.is_dir():
            return place
    looked = " and ".join(str(place) for place in places)
    raise FileNotFoundError(
        f"ectsim's {name} folder is missing; looked for {looked}. Install ectsim again."
    )

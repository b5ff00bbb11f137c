"""``python -m ectsim`` is the command ``ectsim``, for a shell that does not find it."""

from ectsim.cli import main

if __name__ == "__main__":
    main()

"""``python -m ogive``: the same as the ``ogive`` command."""

from ogive.cli import main

if __name__ == "__main__":
    main()

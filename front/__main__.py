"""``python -m roguebridge`` is ``roguebridge``."""

from roguebridge.core.cli import main

# multiprocessing imports it once more, in a spawned child that no measurement follows.
if __name__ == "__main__":  # pragma: no branch
    main()

"""``python -m roguebridge.core.cli`` is ``roguebridge``."""

from roguebridge.core.cli import main

if __name__ == "__main__":  # multiprocessing imports it once more in a spawned child
    main()

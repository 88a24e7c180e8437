"""``python -m roguebridge.core.cli`` is ``roguebridge``."""

from roguebridge.core.cli import main

main()

"""The log of the Channel Access backend, for its network thread too."""

from __future__ import annotations

import logging

from roguebridge.core.concurrency import NetworkLog

log = NetworkLog(logging.getLogger("roguebridge.ca"))

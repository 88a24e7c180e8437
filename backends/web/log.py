"""The log of the web backend, for its network thread too."""

from __future__ import annotations

import logging

from roguebridge.core.concurrency import NetworkLog

log = NetworkLog(logging.getLogger("roguebridge.web"))

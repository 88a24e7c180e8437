"""What was put and called, one line each, for our electronic logbook."""

import os
from pathlib import Path

from roguebridge.core import hookimpl


class Audit:
    """Appends to the file that ``SITE_LOGBOOK`` names; without one, nothing is written."""

    def __init__(self):
        name = os.environ.get("SITE_LOGBOOK")
        self.file = Path(name) if name else None

    @hookimpl
    def request_done(self, record):
        """Write who has put what, and what became of it."""
        if self.file is None:
            return
        line = f"{record.credentials.user} {record.operation} {record.entry.pv_name} "
        line += f"{record.value} {record.result} {record.error}".rstrip()
        with self.file.open("a", encoding="utf-8") as logbook:
            logbook.write(line + "\n")

"""What the server tells of itself: as PVWS does, and its problems."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from roguebridge.core.errors import words_of

from ..access import Access, Visitor
from ..connection import Connection
from ..frames import WebPv
from .pages import plotly_version
from .rest import answer


@dataclass(eq=False)
class Info:
    """Answers questions about the server.

    :param report: returns its problems; may take a moment
    """

    access: Access
    connections: Collection[Connection]
    pvs: dict[str, WebPv]
    report: Callable[[], Sequence[str]]
    started: float = field(default_factory=time.time)

    async def info(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Answer as ``/pvws/info`` does; cs-web-lib asks whether there is a server."""
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.started))
        return answer(request, {"start_time": since, "jre": f"Python {platform.python_version()}"})

    async def summary(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Answer as ``/pvws/summary`` does: the sockets, and what each has."""
        self.access.check_reader(visitor)
        sockets = [
            {
                "id": f"{id(one):x}",
                "created": int(one.created * 1000),
                "last_client_message": int(one.last_message * 1000),
                "queued": one.queued,
                "pvs": len(one.subscriptions),
            }
            for one in self.connections
        ]
        return answer(request, {"sockets": sockets})

    async def pool(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Answer as ``/pvws/pool`` does: the PVs that somebody monitors."""
        self.access.check_reader(visitor)
        pvs = [
            {"refs": len(pv.channels), "pv": name} for name, pv in self.pvs.items() if pv.channels
        ]
        return answer(request, pvs)

    async def server(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Answer with what the page needs to know first."""
        found: dict[str, Any] = {
            "user": visitor.user,
            "reads": bool(visitor.user) or self.access.settings.anyone_reads,
            "tokens": bool(self.access.tokens.digests),
            "frame_rate": self.access.settings.frame_rate,
            "plotly": plotly_version(),
        }
        return answer(request, found)

    async def problems(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Answer with the problems that the server reports."""
        self.access.check_reader(visitor)
        loop = asyncio.get_running_loop()
        try:
            texts = list(await loop.run_in_executor(None, self.report))
        except Exception as exc:
            texts = [f"the problems cannot be found out: {words_of(exc)}"]
        return answer(request, {"problems": texts})

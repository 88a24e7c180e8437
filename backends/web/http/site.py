"""The addresses of the server, and what all its answers have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from ..access import Access, Refused, Visitor
from ..log import log
from ..settings import Settings
from .gate import Gate
from .info import Info
from .openapi import openapi
from .pages import page, plotly
from .rest import Rest, answer

Handler = Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]


def security_headers(settings: Settings) -> dict[str, str]:
    """Return the headers of each answer: nothing of another origin, no code in pages."""
    ancestors = " ".join(settings.frames) or "'none'"
    return {
        "Content-Security-Policy": (
            "default-src 'self'; script-src 'self'; style-src 'self'; "
            f"img-src 'self' data: blob:; connect-src 'self'; frame-ancestors {ancestors}"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


class Site:
    """The application of aiohttp.

    :param talk: speaks to a WebSocket
    :param gate: gives the connections; set before the first request
    """

    gate: Gate

    def __init__(
        self, settings: Settings, access: Access, rest: Rest, info: Info, talk: Handler
    ) -> None:
        self._access = access
        self._headers = security_headers(settings)
        self.app = web.Application(middlewares=[self._judge], client_max_size=2**30)
        name = r"{name:.+}"
        self.app.router.add_routes(
            [
                self._route("GET", "/pvws/pv", talk),
                self._route("GET", "/pvws/info", info.info),
                self._route("GET", "/pvws/summary", info.summary),
                self._route("GET", "/pvws/pool", info.pool),
                self._route("GET", "/server", info.server),
                self._route("GET", "/problems", info.problems),
                self._route("GET", "/pvs", rest.list),
                self._route("GET", "/tree", rest.tree),
                self._route("GET", f"/pv/{name}", rest.get),
                self._route("PUT", f"/pv/{name}", rest.put),
                self._route("POST", f"/pv/{name}", rest.post),
                self._route("GET", "/openapi.json", openapi),
                self._route("GET", "/plotly-{version}.js", plotly),
                self._route("GET", "/{file:[a-z_.-]*}", page),
            ]
        )

    def _route(self, method: str, path: str, handler: Handler) -> web.RouteDef:
        async def handle(request: web.Request) -> web.StreamResponse:
            transport = request.transport
            if transport is None:
                raise asyncio.CancelledError
            peer, own = (transport.get_extra_info(f"{end}name")[0] for end in ("peer", "sock"))
            return await handler(request, self._access.visitor(peer, own, request.headers))

        return web.route(method, path, handle)

    @web.middleware
    async def _judge(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]
    ) -> web.StreamResponse:
        """Give each error its reason, and each answer the headers that protect the page."""
        self.gate.begun(request.protocol)
        status, reason, more = 500, "", {}
        try:
            response: web.StreamResponse = await handler(request)
            if not response.prepared:
                response.headers.update(self._headers)
            return response
        except Refused as refused:
            status, reason = refused.status, refused.reason
            more = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        except web.HTTPException as exc:
            status, reason = exc.status, _reason_of(request, exc)
            more = {"Allow": exc.headers["Allow"]} if "Allow" in exc.headers else {}
        except Exception as exc:
            log.error("%s %s failed", request.method, request.path, exc_info=exc)
            reason = "the server has failed: its log says why"
        failed = answer(request, {"error": reason}, status)
        failed.headers.update({**self._headers, **more})
        return failed


def _reason_of(request: web.Request, exc: web.HTTPException) -> str:
    if exc.status == 404:
        return f"there is no {request.path[:200]}"
    if exc.status == 405:
        return f"{request.path[:200]} does not take {request.method[:20]}"
    return exc.text or exc.reason

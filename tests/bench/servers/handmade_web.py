"""What somebody writes by hand: aiohttp, a listener on each variable, JSON to each client.

It has no alarms, limits, rights or bounds; each client gets the newest value of each PV ten times a
second, as of ours.
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from functools import partial
from typing import Any

from aiohttp import web

from .running import BASE, RunningTree

_PERIOD = 0.1  # seconds


class Server(RunningTree):
    """A running tree with a server of its own."""

    def serve(self, root: Any) -> None:
        """Serve it."""
        self._by_name = {f"{BASE}:{v.path.replace('.', ':')}": v for v in self._variables}
        self._clients: dict[Any, tuple[set[str], dict[str, str]]] = {}
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait()
        for name, variable in self._by_name.items():
            variable.addListener(partial(self._update, name))

    def _run(self, ready: threading.Event) -> None:
        self._loop.run_until_complete(self._listen())
        ready.set()
        self._loop.run_forever()

    async def _listen(self) -> None:
        app = web.Application()
        app.router.add_get("/pvws/pv", self._talk)
        app.router.add_get("/pvs", self._search)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._port = runner.addresses[0][1]

    async def _search(self, request: web.Request) -> web.Response:
        words = request.query["search"].lower().split()
        found = [name for name in self._by_name if all(word in name.lower() for word in words)]
        return web.json_response({"total": len(found), "pvs": found[:100]})

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        names: set[str] = set()
        changed: dict[str, str] = {}
        self._clients[ws] = names, changed
        sending = asyncio.create_task(self._send(ws, changed))
        try:
            async for message in ws:
                for name in json.loads(message.data)["pvs"]:
                    names.add(name)
                    value = self._by_name[name].value()
                    changed[name] = _frame(name, value)
        finally:
            del self._clients[ws]
            sending.cancel()
        return ws

    async def _send(self, ws: Any, changed: dict[str, str]) -> None:
        while True:
            texts = list(changed.values())
            changed.clear()
            for text in texts:
                await ws.send_str(text)
            await asyncio.sleep(_PERIOD)

    def _update(self, name: str, path: str, value: Any) -> None:
        text = _frame(name, value.value)
        self._loop.call_soon_threadsafe(self._show, name, text)

    def _show(self, name: str, text: str) -> None:
        for names, changed in self._clients.values():
            if name in names:
                changed[name] = text

    def conf(self) -> dict[str, str]:
        """Return where it listens."""
        return {"ROGUEBRIDGE_WEB_URL": f"http://127.0.0.1:{self._port}"}


def _frame(name: str, value: Any) -> str:
    if hasattr(value, "tobytes"):
        content: Any = {"b64dbl": base64.b64encode(value.tobytes()).decode()}
    else:
        content = {"value": value}
    seconds, nanos = divmod(time.time_ns(), 10**9)
    about = {"type": "update", "pv": name, "seconds": seconds, "nanos": nanos}
    return json.dumps({**about, **content})

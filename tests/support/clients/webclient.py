"""A client of the web backend, on an event loop of its own thread."""

import asyncio
import json
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import aiohttp

LIMIT = 30.0


class Loop:
    """An event loop on a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def start(self, coroutine: Any) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def run(self, coroutine: Any) -> Any:
        return self.start(coroutine).result(LIMIT)

    def close(self) -> None:
        self.run(self._end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(LIMIT)
        self.loop.close()

    async def _end_tasks(self) -> None:
        tasks = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Answer:
    """What a request got: status, headers and content."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return self.json["error"]


class WebClient:
    """Requests and sockets to one server.

    :param url: as ``client_conf`` has it
    :param token: of the user; empty for nobody
    """

    def __init__(self, url: str, token: str = "", **headers: str) -> None:
        self.url = url
        self.token = token
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._headers |= headers
        self.loop = Loop()
        self._session = self.loop.run(self._open())
        self._sockets: list[Socket] = []

    async def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, ssl=False)
        timeout = aiohttp.ClientTimeout(total=None)
        return aiohttp.ClientSession(
            connector=connector, timeout=timeout, headers=self._headers, auto_decompress=False
        )

    def start(self, method: str, path: str, **options: Any) -> "Future[Answer]":
        return self.loop.start(self._ask(method, path, options))

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        return self.start(method, path, **options).result(LIMIT)

    def get(self, path: str, **options: Any) -> Answer:
        return self.ask("GET", path, **options)

    def put(self, name: str, value: Any, **options: Any) -> Answer:
        return self.ask("PUT", f"/pv/{quote(name)}", json={"value": value}, **options)

    def call(self, name: str, **arguments: Any) -> Answer:
        return self.ask("POST", f"/pv/{quote(name)}", json=arguments)

    async def _ask(self, method: str, path: str, options: Any) -> Answer:
        async with self._session.request(method, self.url + path, **options) as response:
            return Answer(response.status, response.headers, await response.read())

    def socket(self, *, auth: bool = True, **options: Any) -> "Socket":
        """A WebSocket; it says first whose it is."""
        made = self.loop.run(self._connect(options))
        self._sockets.append(made)
        if auth and self.token:
            made.send(type="auth", token=self.token)
            assert made.next() == {"type": "auth", "user": "ops"}
        return made

    async def _connect(self, options: Any) -> "Socket":
        ws = await self._session.ws_connect(f"{self.url}/pvws/pv", max_msg_size=0, **options)
        return Socket(self.loop, ws)

    def close(self) -> None:
        if self.loop.loop.is_closed():
            return
        for socket in self._sockets:
            socket.close()
        self.loop.run(self._session.close())
        self.loop.close()


class Socket:
    """A WebSocket: what it receives waits in a queue, or goes to a function."""

    def __init__(self, loop: Loop, ws: Any) -> None:
        self._loop = loop
        self._ws = ws
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self.sink: Any = None
        self.on_end: Any = None
        self._sending: Any = None
        self._task = loop.loop.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for message in self._ws:
                content = json.loads(message.data)
                if self.sink is not None:
                    self.sink(content)
                else:
                    self._queue.put_nowait(content)
        finally:
            self._queue.put_nowait(None)
            if self.on_end is not None:
                self.on_end()

    def send(self, **content: Any) -> None:
        self.send_text(json.dumps(content))

    def post(self, **content: Any) -> None:
        """Send without a wait; messages keep their order."""
        text = json.dumps(content)

        def send() -> None:
            self._sending = self._loop.loop.create_task(self._send_after(self._sending, text))

        self._loop.loop.call_soon_threadsafe(send)

    async def _send_after(self, before: Any, text: str) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        with suppress(ConnectionError, aiohttp.ClientError):
            await self._ws.send_str(text)

    def send_text(self, text: str) -> None:
        self._loop.run(self._ws.send_str(text))

    def send_bytes(self, content: bytes) -> None:
        self._loop.run(self._ws.send_bytes(content))

    def next(self) -> Any:
        """The next message; None when the server has closed the connection."""
        return self._loop.run(asyncio.wait_for(self._queue.get(), LIMIT))

    def until(self, wanted: Any) -> Any:
        """The first message for which ``wanted`` holds."""
        while True:
            message = self.next()
            assert message is not None, "the server has closed the connection"
            if wanted(message):
                return message

    @property
    def code(self) -> int | None:
        """Why the connection was closed."""
        return self._ws.close_code

    def close(self) -> None:
        async def end() -> None:
            await self._ws.close()
            await asyncio.gather(self._task, return_exceptions=True)

        self._loop.run(end())

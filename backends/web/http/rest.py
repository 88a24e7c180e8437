"""PVs by HTTP: lists, values, puts and calls."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np
from aiohttp import web

from roguebridge.core.requests import QueuedBytes
from roguebridge.core.values import (
    MisfitError,
    NtKind,
    PvSpec,
    Reading,
    Snapshot,
    describe_result,
)

from ..access import Access, Refused, Visitor
from ..catalog import Catalog, listed, type_of
from ..frames import WebPv
from ..values import array_text, json_value, metadata, severity_of, text_beside
from .png import png
from .visit import Visit

_MOST_LISTED = 10_000
_LARGEST = 8_000_000  # bytes of a body: JSON of more would hold up all clients
_SMALL = 10_000  # elements of an array that is written at once
_BODY = 30.0  # seconds in which a body must come
_FORMATS = ("json", "npy", "png")


@dataclass(eq=False)
class Rest:
    """Answers requests about PVs.

    :param queued: counts the bytes of bodies that are on their way
    """

    access: Access
    catalog: Catalog
    queued: QueuedBytes
    max_name: int
    visits: set[Visit] = field(default_factory=set)

    # Lists ----------------------------------------------------------------------------------------

    async def list(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Answer with the PVs that a glob or words select, a part of them at a time."""
        self.access.check_reader(visitor)
        await self._prepare()
        query = request.query
        limit = _whole(query, "limit", 1000, _MOST_LISTED)
        offset = _whole(query, "offset", 0, 2**31)
        found = self.catalog.search(query.get("search", ""), query.get("filter", ""))
        pvs = [listed(pv) for pv in found[offset : offset + limit]]
        return answer(request, {"total": len(found), "offset": offset, "pvs": pvs})

    async def tree(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Answer with the devices and PVs of a device."""
        self.access.check_reader(visitor)
        await self._prepare()
        path = request.query.get("path", "")
        found = self.catalog.children(path)
        if found is None:
            raise Refused(404, f"there is no device {path[:200]}")
        devices, pvs = found
        return answer(request, {"devices": devices, "pvs": [listed(pv) for pv in pvs]})

    async def _prepare(self) -> None:
        if not self.catalog.prepared:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self.catalog.prepare)

    # One PV ---------------------------------------------------------------------------------------

    async def get(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Answer with the present reading."""
        self.access.check_reader(visitor)
        form = request.query.get("format", "json")
        if form not in _FORMATS:
            raise Refused(400, f"format must be one of {', '.join(_FORMATS)}, not {form[:40]!r}")
        pv = self._pv(request)
        with self._visit(pv, visitor) as visit:
            spec, reading = await visit.reading()
        make = partial(_shown, request, pv, spec, reading, form)
        if isinstance(reading.value, np.ndarray) and reading.value.size > _SMALL:
            return await asyncio.get_running_loop().run_in_executor(None, make)
        return make()

    async def put(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Put, and answer when the tree has accepted or refused."""
        self.access.check_origin(request.headers)
        pv = self._pv(request)
        asked = await self._body(request, visitor)
        if "value" not in asked or not set(asked) <= {"value", "block"}:
            raise Refused(400, 'the body must be {"value": ..}, "block" may stand beside it')
        block = asked.get("block", True)
        if not isinstance(block, bool):
            raise Refused(400, "block must be true or false")
        with self._visit(pv, visitor) as visit:
            await visit.put_and_wait(asked["value"], block)
        return answer(request, {"name": pv.entry.pv_name, "result": "done"})

    async def post(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Call a command, and answer with what it returns."""
        self.access.check_origin(request.headers)
        pv = self._pv(request)
        arguments = await self._body(request, visitor)
        with self._visit(pv, visitor) as visit:
            result = await visit.call(arguments)
        return answer(request, {"name": pv.entry.pv_name, **_result(result)})

    def stop(self) -> None:
        """Give up what has no answer."""
        for visit in list(self.visits):
            visit.stop()

    def _pv(self, request: web.Request) -> WebPv:
        name = request.match_info["name"]
        pv = self.catalog.find(name)
        if pv is None:
            raise Refused(404, self.catalog.unknown(name))
        return pv

    def _visit(self, pv: WebPv, visitor: Visitor) -> closing[_Noted]:
        return closing(_Noted(self.visits, pv, visitor, self.max_name))

    async def _body(self, request: web.Request, visitor: Visitor) -> dict[str, Any]:
        """Return the object of a body of JSON; an empty body is an empty object."""
        if not request.can_read_body:
            return {}
        size = request.content_length
        if size is None:
            raise Refused(411, "the request must say the length of its body")
        if size > min(_LARGEST, self.queued.most):
            raise Refused(413, f"a body of {size} bytes is too large")
        busy = self.queued.take(visitor.host, size)
        if busy is not None:
            raise Refused(409, busy)
        try:
            async with asyncio.timeout(_BODY):
                raw = await request.read()
            found = json.loads(raw)
        except TimeoutError:
            raise Refused(408, f"the body has not come within {_BODY:g} seconds") from None
        except (ValueError, RecursionError) as exc:
            raise Refused(400, f"the body is no JSON: {str(exc)[:200]}") from None
        finally:
            self.queued.give_back(visitor.host, size)
        if not isinstance(found, dict):
            raise Refused(400, "the body must be a JSON object")
        return found


class _Noted(Visit):
    """A visit that is known while it lasts."""

    def __init__(self, visits: set[Visit], pv: WebPv, visitor: Visitor, max_name: int) -> None:
        super().__init__(pv, visitor.credentials(max_name))
        self._visits = visits
        visits.add(self)

    def close(self) -> None:
        """Leave the PV."""
        self._visits.discard(self)
        super().close()


def _whole(query: Mapping[str, str], name: str, usual: int, most: int) -> int:
    text = query.get(name, str(usual))
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and int(text) <= most):
        raise Refused(400, f"{name} must be from 0 to {most}, not {text[:40]!r}")
    return int(text)


def _result(result: Any) -> dict[str, Any]:
    """Return what a call has returned, a :class:`.Snapshot` of a variable too."""
    if isinstance(result, Snapshot):
        return _reading(result.spec, result.reading)
    if result is None:
        return {"value": None}
    spec, value = describe_result(result)
    return {"value": json_value(spec, value), "type": type_of(spec)}


def _shown(
    request: web.Request, pv: WebPv, spec: PvSpec, reading: Reading, form: str
) -> web.StreamResponse:
    value = reading.value
    name = pv.entry.pv_name
    if form == "json":
        about = {**listed(pv), **metadata(spec), "type": type_of(spec)}
        if not isinstance(value, np.ndarray) or value.size <= _SMALL:
            return answer(request, {**about, **_reading(spec, reading)})
        about |= _reading(spec, reading._replace(value=value[:0]))
        del about["value"]
        text = f'{json.dumps(about, ensure_ascii=False)[:-1]},"value":{array_text(value)}}}'
        return respond(request, text.encode("utf-8", "backslashreplace"), "application/json")
    if spec.kind not in (NtKind.SCALAR_ARRAY, NtKind.NDARRAY) or isinstance(value, list):
        raise Refused(406, f"{name} is {type_of(spec)}: it has no {form}")
    if form == "png":
        try:
            return respond(request, png(value), "image/png")
        except MisfitError as exc:
            raise Refused(406, f"{name}: {exc}") from None
    file = io.BytesIO()
    np.save(file, value, allow_pickle=False)
    return respond(request, file.getvalue(), "application/octet-stream")


def _reading(spec: PvSpec, reading: Reading) -> dict[str, Any]:
    seconds, nanos = divmod(reading.time_ns, 10**9)
    time = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    alarm, text = reading.alarm, text_beside(spec, reading.value)
    return {
        "value": json_value(spec, reading.value),
        **({} if text is None else {"text": text}),
        "alarm": {
            "severity": severity_of(alarm),
            "status": int(alarm.status),
            "message": alarm.message,
        },
        "time": f"{time.isoformat()}.{nanos:09d}Z",
        "seconds": seconds,
        "nanos": nanos,
    }


def answer(request: web.Request, content: Any, status: int = 200) -> web.Response:
    """Return an answer in JSON."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    body = text.encode("utf-8", "backslashreplace")
    return respond(request, body, "application/json", status)


def respond(request: web.Request, body: bytes, kind: str, status: int = 200) -> web.Response:
    """Return an answer, or that the client has it already."""
    if status != 200 or request.method not in ("GET", "HEAD"):
        return web.Response(body=body, content_type=kind, status=status)
    tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = request.headers.get("If-None-Match", "")
    if known.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in known.split(",")]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=kind, headers=headers)

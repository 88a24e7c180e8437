"""The description of the requests about PVs, as OpenAPI has it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from aiohttp import web

from roguebridge.core.version import __version__

from ..access import Visitor
from .rest import answer

_TEXT, _WHOLE = {"type": "string"}, {"type": "integer", "minimum": 0}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": _TEXT}}
_ALARM = {
    "type": "object",
    "properties": {
        "severity": {"enum": ["NONE", "MINOR", "MAJOR", "INVALID"]},
        "status": {"type": "integer"},
        "message": _TEXT,
    },
}
_LISTED = {
    "name": _TEXT,
    "path": _TEXT,
    "type": _TEXT,
    "mode": {"enum": ["RW", "RO", "WO", "command"]},
    "units": _TEXT,
    "description": _TEXT,
    "groups": {"type": "array", "items": _TEXT},
}
_LIMITS = ("min", "max", "warn_low", "warn_high", "alarm_low", "alarm_high", "precision")
_READING = {
    **_LISTED,
    **{name: {"type": "number"} for name in _LIMITS},
    "value": {"description": "number, text, list or object; NaN and the infinities are text"},
    "text": {**_TEXT, "description": "label of an enum, or an integer beyond 2^53"},
    "labels": {"type": "array", "items": _TEXT},
    "alarm": _ALARM,
    "time": {"type": "string", "format": "date-time"},
    "seconds": {"type": "integer"},
    "nanos": {"type": "integer"},
}
_ERRORS = {
    "400": "the request makes no sense",
    "401": "the token is not known, or one is needed",
    "403": "denied",
    "404": "there is no such PV",
    "409": "busy",
    "422": "the tree, or the type of the PV, refuses it",
}


def _query(name: str, kind: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": kind, "description": text}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _does(summary: str, content: dict[str, Any], *errors: str, **more: Any) -> dict[str, Any]:
    failed = {
        code: {"description": _ERRORS[code], "content": _json(_reference("Error"))}
        for code in errors
    }
    return {
        "summary": summary,
        "responses": {"200": {"description": "done", "content": content}, **failed},
        **more,
    }


@lru_cache
def description() -> dict[str, Any]:
    """Return the description."""
    name = {"name": "name", "in": "path", "required": True, "schema": _TEXT}
    forms = _query("format", {"enum": ["json", "npy", "png"]}, "arrays as numpy, images as PNG")
    bytes_ = {"schema": {"type": "string", "format": "binary"}}
    get = {
        **_json(_reference("Reading")),
        "application/octet-stream": bytes_,
        "image/png": bytes_,
    }
    put = _object({"value": {}, "block": {"type": "boolean", "default": True}})
    pvs = {"type": "array", "items": _reference("Pv")}
    list_ = _object({"total": _WHOLE, "offset": _WHOLE, "pvs": pvs})
    tree = _object({"devices": {"type": "array", "items": _TEXT}, "pvs": pvs})
    done = _json(_object({"name": _TEXT, "result": _TEXT}))
    returned = _json(_object({"name": _TEXT, "value": {}, "type": _TEXT}))
    write: dict[str, Any] = {"security": [{"token": []}]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Roguebridge", "version": __version__},
        "paths": {
            "/pvs": {
                "get": _does(
                    "List PVs", _json(list_), "400", "401",
                    parameters=[
                        _query("filter", _TEXT, "glob of names"),
                        _query("search", _TEXT, "words in name, path or description"),
                        _query("limit", _WHOLE, "how many"),
                        _query("offset", _WHOLE, "how many to pass over"),
                    ],
                )
            },
            "/tree": {
                "get": _does(
                    "List the devices and PVs of a device", _json(tree), "401", "404",
                    parameters=[_query("path", _TEXT, "of the device; empty for the top")],
                )
            },
            "/pv/{name}": {
                "parameters": [name],
                "get": _does("Read a PV", get, "400", "401", "404", parameters=[forms]),
                "put": _does(
                    "Put", done, *_ERRORS, requestBody={"content": _json(put)}, **write
                ),
                "post": _does(
                    "Call a command with named arguments", returned, *_ERRORS,
                    requestBody={"content": _json({"type": "object"})}, **write,
                ),
            },
        },
        "components": {
            "schemas": {"Error": _ERROR, "Pv": _object(_LISTED), "Reading": _object(_READING)},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip


async def openapi(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Answer with the description."""
    return answer(request, description())

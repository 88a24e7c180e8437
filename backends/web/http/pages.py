"""The page: files of the package, and plotly.js from the package that has it."""

from __future__ import annotations

import asyncio
import gzip
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from aiohttp import web

from ..access import Refused, Visitor
from .rest import respond

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_FOR_EVER = "public, max-age=31536000, immutable"


@lru_cache
def _files() -> dict[str, bytes]:
    folder = files("roguebridge.backends.web") / "page"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


async def page(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Answer with a file of the page."""
    name = request.match_info.get("file") or "index.html"
    content = _files().get(name)
    kind = _TYPES.get(Path(name).suffix)
    if content is None or kind is None:
        raise Refused(404, f"there is no {request.path[:200]}")
    response = respond(request, content, kind)
    if response.body is not None:
        response.charset = "utf-8"
    return response


async def plotly(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Answer with plotly.js, compressed; a browser that has it never asks again."""
    loop = asyncio.get_running_loop()
    content, version = await loop.run_in_executor(None, _plotly)
    tag = f'"{version}"'
    headers = {"Cache-Control": _FOR_EVER, "ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        content = await loop.run_in_executor(None, gzip.decompress, content)
    return web.Response(body=content, content_type="text/javascript", headers=headers)


def plotly_version() -> str:
    """Return what changes with plotly.js; it is a part of its address. Empty if there is none."""
    file = _plotly_file()
    if file is None:
        return ""
    about = file.stat()
    return blake2b(f"{about.st_size} {about.st_mtime_ns}".encode(), digest_size=6).hexdigest()


def _plotly_file() -> Path | None:
    # Found, not imported: its package takes a second and 50 MB.
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "package_data" / "plotly.min.js"
        if file.is_file():
            return file
    return None


@lru_cache
def _plotly() -> tuple[bytes, str]:
    file = _plotly_file()
    if file is None:
        raise Refused(404, "plotly is not installed: python -m pip install 'roguebridge[web]'")
    return gzip.compress(file.read_bytes(), 6), plotly_version()

"""Writes the API as pages to read in the repository: ``python docs/api_pages.py``.

``reference/api.md`` says what is in them; the texts are those of the docstrings. A test compares
the pages in ``reference/api`` with what this makes.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent / "reference"
FOLDER = HERE / "api"
_SECTION = re.compile(r"^## (.+)$", re.M)
_DIRECTIVE = re.compile(r"^\.\. (\w+):: ([\w.]+).*\n((?: {3,}:.*\n)*)", re.M)
_ROLE = re.compile(r":\w+:`[~.!]?([^`]+)`")
_FIELD = re.compile(r"^:(param|returns|raises)\s*([^:]*): ?", re.M)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def pages() -> dict[str, str]:
    """Return file name -> text of each page."""
    found = {}
    parts = _SECTION.split((HERE / "api.md").read_text(encoding="utf-8"))
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        name = re.sub(r"\W+", "-", title.lower()).strip("-")
        body = "\n\n".join(_entries(text))
        found[f"{name}.md"] = f"# {title}\n\nMade by `docs/api_pages.py`.\n\n{body}\n"
    return found


def _entries(text: str) -> Iterator[str]:
    module = ""
    for kind, name, options in _DIRECTIVE.findall(text):
        if kind == "currentmodule":
            module = name
        elif kind.startswith("auto"):
            where, _, last = name.rpartition(".")
            if kind == "automodule":
                yield markdown(inspect.getdoc(import_module(name)))
            else:
                package = import_module(where or module)
                yield "\n\n".join(_entry(package.__name__, last, getattr(package, last), options))


def _entry(module: str, name: str, thing: Any, options: str) -> Iterator[str]:
    yield f"## {name}"
    yield f"```python\nfrom {module} import {name}\n```"
    if isinstance(thing, type) and issubclass(thing, enum.Enum):
        yield markdown(inspect.getdoc(thing))
        yield "| name | value |\n|---|---|\n" + "\n".join(
            f"| `{one.name}` | `{one.value!r}` |" for one in thing
        )
        return
    if callable(thing) and not (isinstance(thing, type) and issubclass(thing, Exception)):
        yield f"`{name}{_signature(thing)}`"
    yield markdown(inspect.getdoc(thing))
    if isinstance(thing, type) and ":no-members:" not in options:
        chosen = re.search(r":members: (.+)", options)
        names = re.split(r",\s*", chosen[1].strip()) if chosen else []
        for member, one in _members(thing, "inherited" in options):
            if not names or member in names:
                own = " (yours to write)" if getattr(one, "__isabstractmethod__", False) else ""
                yield f"**`{member}{_signature(one)}`**{own} {markdown(inspect.getdoc(one))}"


def _members(cls: type, inherited: bool) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for owner in cls.__mro__ if inherited else [cls]:
        if not owner.__module__.startswith("roguebridge"):
            continue
        for name, one in vars(owner).items():
            plain = getattr(one, "__func__", one)
            told = isinstance(plain, property) or inspect.isfunction(plain)
            if not name.startswith("_") and name not in seen and told and inspect.getdoc(plain):
                seen.add(name)
                yield name, plain


def _signature(thing: Any) -> str:
    if isinstance(thing, property):
        return ""
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    named = [
        one.replace(annotation=_plain(one.annotation))
        for one in signature.parameters.values()
        if one.name not in ("self", "cls")
    ]
    result = _plain(signature.return_annotation)
    return _ADDRESS.sub("", str(signature.replace(parameters=named, return_annotation=result)))


class _Plain:
    """An annotation that is shown as it is written, without quotes."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _plain(annotation: Any) -> Any:
    return _Plain(annotation) if isinstance(annotation, str) else annotation


def markdown(text: str | None) -> str:
    """Return a docstring as Markdown: parameters as a list, roles and literals as code."""
    text = _ROLE.sub(lambda found: f"`{found[1]}`", text or "").replace("``", "`")
    text = re.sub(r" <[\w.]+>`", "`", text)
    intro, *fields = re.split(r"^(?=:(?:param|returns|raises)\b)", text, flags=re.M)
    lines = [intro.strip()]
    items = []
    for field in fields:
        found = _FIELD.match(field)
        words = " ".join(field[found.end() :].split()) if found else field
        kind, name = (found[1], found[2].strip()) if found else ("", "")
        title = {"param": f"`{name}`", "returns": "returns", "raises": f"raises `{name}`"}[kind]
        items.append(f"- {title}: {words}")
    if items:
        lines.append("\n".join(items))
    return "\n\n".join(line for line in lines if line)


def main() -> None:
    """Write the pages, and remove those that are none any more."""
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

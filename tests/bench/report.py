"""The table, ratios first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from .machine import SIMTREE

#: the servers of a column: no row has two of them
OTHERS = (("none",), ("raw", "caproto"), ("v4", "v7"), ("native",))
_WIDTH = 184
_STYLES = {"reached": "green", "not reached": "red", "failed": "red", "below noise": "yellow"}


def show(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print machine, table and errors."""
    console = console or Console(width=_WIDTH)
    console.print(headline(found), soft_wrap=True, highlight=False)
    table = Table(box=None, header_style="bold", padding=(0, 1))
    table.add_column("what")
    ratios = ("\n".join(f"/{kind}" for kind in kinds) for kinds in OTHERS)
    others = ("\n".join(kinds) for kinds in OTHERS)
    for title in ("ours/limit", *ratios, "noise", *others, "ours", "min..max"):
        table.add_column(title, justify="right")
    table.add_column("limit")
    table.add_column("")
    for row in found["rows"]:
        style = _STYLES.get(row["verdict"], "")
        table.add_row(*cells(row), f"[{style}]{row['verdict']}[/]" if style else row["verdict"])
    console.print(table)
    for error in found["errors"]:
        console.print(f"FAILED: {error}", style="red", markup=False)


def headline(found: Mapping[str, Any]) -> str:
    """Say where, when, and on which tree."""
    machine, sizes = found["machine"], found["sizes"]
    tree = machine["tree"]
    if tree == SIMTREE:
        tree = "simtree, not SLAC's PyRogue: there is no v4 and no v7"
    elif not machine["softioc"]:
        tree = f"{tree}, softioc not installed: there is no v7"
    names = ("p4p", "caproto", "softioc", "numpy")
    libraries = [f"{name} {machine[name]}" for name in names if machine[name]]
    return (
        f"tree: {tree} · sizes: {sizes['name']} · {machine['date']} · {machine['revision']}\n"
        f"{machine['cpu']}, {machine['cores']} cores, load {machine['load']} before"
        f" · Python {machine['python']}, {', '.join(libraries)}"
    )


def cells(row: Mapping[str, Any]) -> list[str]:
    """Return the texts of a row, all but the verdict."""
    ratios, medians = row["ratios"], row["medians"]
    limits = row["limits"]
    worst = f"{max(limit['ratio'] for limit in limits):.2f}" if limits else ""
    spread = row["spread"].get("ours")
    word = "at least" if row["better"] == "more" else "at most"
    return [
        f"{row['title']}, {row['unit']}",
        worst,
        *("" if ratio is None else f"{ratio:.2f}" for ratio in _columns(ratios)),
        "" if row["noise"] is None else f"{row['noise']:.1%}",
        *map(number, (*_columns(medians), medians.get("ours"))),
        "" if spread is None else f"{number(spread[0])}..{number(spread[1])}",
        f"{word} " + " and ".join(limit["text"] for limit in limits) if limits else "",
    ]


def _columns(figures: Mapping[str, float]) -> list[float | None]:
    return [next((figures[kind] for kind in kinds if kind in figures), None) for kinds in OTHERS]


def number(value: float | None) -> str:
    """Write a figure with three digits."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

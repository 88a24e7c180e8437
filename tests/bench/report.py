"""The table, ratios first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from .machine import SIMTREE

OTHERS = ("none", "raw", "v4")
_WIDTH = 168
_STYLES = {"reached": "green", "not reached": "red", "failed": "red", "below noise": "yellow"}


def show(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print machine, table and errors."""
    console = console or Console(width=_WIDTH)
    console.print(headline(found), soft_wrap=True, highlight=False)
    table = Table(box=None, header_style="bold", padding=(0, 1))
    table.add_column("what")
    for title in ("ours/limit", "/none", "/raw", "/v4", "noise"):
        table.add_column(title, justify="right")
    for title in (*OTHERS, "ours", "min..max"):
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
        tree = "simtree, not SLAC's PyRogue: there is no v4"
    return (
        f"tree: {tree} · sizes: {sizes['name']} · {machine['date']} · {machine['revision']}\n"
        f"{machine['cpu']}, {machine['cores']} cores, load {machine['load']} before"
        f" · Python {machine['python']}, p4p {machine['p4p']}, numpy {machine['numpy']}"
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
        *(f"{ratios[kind]:.2f}" if kind in ratios else "" for kind in OTHERS),
        "" if row["noise"] is None else f"{row['noise']:.1%}",
        *(number(medians.get(kind)) for kind in (*OTHERS, "ours")),
        "" if spread is None else f"{number(spread[0])}..{number(spread[1])}",
        f"{word} " + " and ".join(limit["text"] for limit in limits) if limits else "",
    ]


def number(value: float | None) -> str:
    """Write a figure with three digits."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

"""What is refused before the tree is touched, in words that name path, value and range."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from roguebridge.core.errors import PutError

from .metadata import attribute


@contextmanager
def refusing(node: Any) -> Iterator[None]:
    """Make a refusal that names the node of each value that does not fit within.

    Not of the argument of a command that is no register: its declared type does not bind.
    """
    try:
        yield
    except (TypeError, ValueError, OverflowError) as exc:
        if attribute(node, "isCommand") and attribute(node, "numValues") is None:
            raise
        raise PutError(f"{node.path}: {exc}") from exc


def check_range(path: str, value: Any, low: Any, high: Any) -> None:
    """Refuse a number outside the declared range, so that the tree need not.

    :raises PutError: naming path, value and range
    """
    if (low is not None and value < low) or (high is not None and value > high):
        raise PutError(f"{path}: {value} is outside {low} .. {high}")

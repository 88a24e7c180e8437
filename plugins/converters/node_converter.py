"""The base of the converters that are made of what a node declares."""

from __future__ import annotations

from typing import Any

from roguebridge.core.values import PvSpec, TypeConverter

from .declared import Declared


class NodeConverter(TypeConverter):
    """A converter of one node.

    :param node: a variable or command of a running tree
    :param spec: the description of its PV
    """

    __slots__ = ("spec", "_node")

    def __init__(self, node: Any, spec: PvSpec) -> None:
        self.spec = spec
        self._node = node

    @property
    def is_guessed(self) -> bool:
        """True if nothing but a first value tells the type of the node."""
        return Declared(self._node).is_guessed

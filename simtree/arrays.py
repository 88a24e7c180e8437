"""A device that holds an array of equal devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from roguebridge.simtree.device import Device


class ArrayDevice(Device):
    """The devices are named after their class and index.

    :param arrayClass: class of the devices.
    :param number: how many.
    :param stride: bytes from one to the next.
    :param arrayArgs: arguments of all devices, or a list with those of each; may hold a name.
    :param kwargs: the arguments of Device; the name is '<class>Array' by default.
    """

    def __init__(
        self,
        *,
        arrayClass: Callable[..., Device],
        number: int,
        stride: int = 0,
        arrayArgs: dict[str, Any] | list[dict[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        word = arrayClass.__name__
        super().__init__(**{"name": f"{word}Array", **kwargs})
        for i in range(number):
            own = {**(arrayArgs[i] if isinstance(arrayArgs, list) else arrayArgs or {})}
            name = own.pop("name", f"{word}[{i}]")
            self.add(arrayClass(name=name, offset=i * stride, **own))

"""The exception types of the tree, all direct children of Exception as in PyRogue."""

from __future__ import annotations


class GeneralError(Exception):
    """Look-alike of `rogue.GeneralError`: a failed memory transaction or a refused register value.

    :param source: where it happened, for example 'Block::setUInt'.
    :param text: what happened.
    """

    def __init__(self, source: str, text: str) -> None:
        super().__init__(f"{source}: General Error: {text}")


class NodeError(Exception):
    """A node cannot be added, or the root cannot be started."""


class VariableError(Exception):
    """A variable was built wrongly or refuses a value."""


class CommandError(Exception):
    """A command failed to verify its argument."""


class DeviceError(Exception):
    """A device was built wrongly."""


class MemoryError(Exception):  # noqa: A001 - PyRogue's own name
    """A block does not fit the memory beneath it.

    :param name: path of the device.
    :param address: address of the device.
    :param msg: what does not fit.
    :param size: bytes asked for.
    """

    def __init__(self, *, name: str, address: int, msg: str | None = None, size: int = 0) -> None:
        text = f"Memory Error for {name} at address {address:#08x}"
        super().__init__(text if msg is None else f"{text} {msg}")
        self.size = size

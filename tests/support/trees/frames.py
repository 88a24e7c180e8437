"""Sending a data frame to a receiver of either tree."""

import importlib

import numpy as np


def send(receiver, data, error=0):
    """Hand over the bytes of an array or a bytes object; ends when the receiver has them."""
    if any(c.__module__.startswith("roguebridge.") for c in type(receiver).__mro__):
        stream = importlib.import_module("roguebridge.simtree.interfaces.stream")
        stream.send(receiver, data, error)
        return
    stream = importlib.import_module("rogue.interfaces.stream")
    raw = bytearray(data.tobytes() if isinstance(data, np.ndarray) else data)
    master = stream.Master()
    master._addSlave(receiver)
    frame = master._reqFrame(len(raw), True)
    frame.write(raw, 0)
    frame.setError(error)
    master._sendFrame(frame)

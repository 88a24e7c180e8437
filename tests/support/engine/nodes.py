"""Nodes that declare what a test wants."""

import re

from support.engine.fakes import FakeNode


def node(type_str, value=0, **attributes):
    """A variable of this typeStr; one of a model, e.g. ``UInt16``, is a register."""
    hardware = type_str[:1].isupper()
    made = FakeNode(value, path="Top.Dev.V", hardware=hardware)
    made.typeStr = type_str
    made.description, made.disp, made.enum = "what it is", "{}", None
    made.minimum = made.maximum = None
    made.genDisp = str
    if hardware and type_str.startswith(("UInt", "Int")):
        bits = int(re.sub(r"\D", "", type_str))
        signed = type_str.startswith("Int")
        made.minimum = -(2 ** (bits - 1)) if signed else 0
        made.maximum = 2 ** (bits - signed) - 1
        made.disp = "{:d}" if signed else "{:#x}"
    for name, given in attributes.items():
        setattr(made, name, given)
    return made

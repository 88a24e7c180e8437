"""Ids of cases that are the same in each process, as workers that share a suite need them."""

import re

ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def no_address(value):
    """The text of a value without the addresses of objects in it."""
    return ADDRESS.sub("", str(value))

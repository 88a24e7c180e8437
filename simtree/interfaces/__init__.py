"""Stand-ins for what PyRogue connects a tree to."""

from roguebridge.simtree.interfaces import simulation, stream

__all__ = ["simulation", "stream"]

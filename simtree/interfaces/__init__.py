"""Stand-ins for what PyRogue connects a tree to."""

from roguebridge.simtree.interfaces import simulation

__all__ = ["simulation"]

"""The tree without a server: what all others add to."""

from .tree import TreeServer as Server

__all__ = ["Server"]

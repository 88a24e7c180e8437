"""Links between nodes: mirrors, and what the value of a node is worked out from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .pyrogue import getter_of, is_register, local_attribute

_PASSES_ON = "linkedGetFromVariable"  # the getter of a mirror
_LONGEST = 100  # mirrors in a row: links may mirror each other


def mirrored(node: Any) -> Any:
    """Return the variable that a link only passes values on to, or None.

    PyRogue calls such a link RW even if its source is RO; the name of its setter tells.

    :param node: a variable or command
    """
    setter = local_attribute(node, "_linkedSet")
    if getattr(setter, "__name__", "") != "linkedSetFromVariable":
        return None
    sources = node.dependencies
    return sources[0] if sources else None


def with_sources(node: Any) -> list[Any]:
    """Return a node and, if it is a mirror, all that is behind it.

    :param node: a variable or command
    """
    chain = [node]
    while (source := mirrored(chain[-1])) is not None and len(chain) < _LONGEST:
        chain.append(source)
    return chain


def dependencies_of(node: Any) -> Sequence[Any]:
    """Return what the tree says that a node's value is worked out from; empty for a remote node.

    :param node: a variable or command
    """
    return local_attribute(node, "dependencies") or ()


def reachable(node: Any, follow: Callable[[Any], bool]) -> list[Any]:
    """Return a node, its dependencies, those of the dependencies, and so on, each once.

    Links may depend on each other.

    :param node: a variable or command
    :param follow: tells whether a node is one of them; nothing is looked for behind others
    """
    found: dict[int, Any] = {}
    ahead = [node]
    while ahead:
        one = ahead.pop()
        if id(one) not in found and follow(one):
            found[id(one)] = one
            ahead += reversed(dependencies_of(one))
    return list(found.values())


def sources_of(node: Any) -> list[Any]:
    """Return all that a node's value is worked out from, however far behind it, each once.

    A write-only variable has no value that anything could be made of, and is left out.

    :param node: a variable; of a command or a write-only variable there are none
    """
    if not dependencies_of(node) or node.isCommand:
        return []
    return reachable(node, lambda one: one.mode != "WO")[1:]


def has_silent_getter(node: Any) -> bool:
    """Tell whether a function of the user's makes the value, and nothing says what of.

    :param node: a variable or command; those of PyRogue itself have functions of their own
    """
    getter = getter_of(node)
    if getter is None or node.isCommand or dependencies_of(node):
        return False
    bases = (kind for kind in type(node).__mro__ if kind.__name__ == "BaseVariable")
    library = next((kind.__module__.rpartition(".")[0] for kind in bases), "")
    return not (library and str(getattr(getter, "__module__", "")).startswith(library + "."))


def computed(node: Any) -> bool:
    """Tell whether ``value()`` runs a function of the tree's own, which may take its time.

    :param node: a variable or command
    """
    getters = map(getter_of, with_sources(node))
    return any(getattr(one, "__name__", "") != _PASSES_ON for one in getters if one is not None)


def has_limits_of_its_own(node: Any) -> bool:
    """Tell whether a node's limits are its own, and not but the range of its register's format.

    :param node: a variable or command
    """
    source = with_sources(node)[-1]
    model = local_attribute(source, "base")
    if not is_register(source) or not hasattr(model, "minValue"):
        return True
    return (source.minimum, source.maximum) != (model.minValue(), model.maxValue())

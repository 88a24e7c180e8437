"""The report of a server: every problem there is."""

from __future__ import annotations

from collections.abc import Iterable

from ..hooks.manager import Plugins
from ..mapping.problems import Problem, grouped
from ..pv.holder import PvHolder
from .mapper import MappedTree
from .run import ServerRun


def report(
    run: ServerRun | None,
    plugins: Plugins,
    mapped: MappedTree,
    found: Iterable[str],
    holders: Iterable[PvHolder],
) -> tuple[str, ...]:
    """Return the problems, one text each.

    :param run: None if the server does not run
    :param found: by plugins
    :param holders: of the last start
    """
    texts = [] if run is None or run.fault is None else [run.fault]
    texts += plugins.problems
    texts += [problem.text for problem in grouped(mapped.problems)]
    texts += found
    texts += plugins.faults.problems()
    if run is not None:
        texts += run.problems()
    invalid = []
    for holder in holders:
        if holder.trouble is not None:
            path, pv_name = holder.path, holder.pv_name
            text = f"{path}: {pv_name} is INVALID: {holder.trouble}"
            invalid.append(Problem(path, text, pv_name=pv_name))
    texts += [problem.text for problem in grouped(invalid)]
    return tuple(dict.fromkeys(texts))

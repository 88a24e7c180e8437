"""Maps of nodes made up, and what of them is served and told."""

from roguebridge.core.mapping.pv_map import explicit_map
from roguebridge.core.mapping.pv_names import standard_name
from support.engine.fakes import FakeNode

PATHS = ["Top.enable", "Top.A", "Top.Dev.B", "Top.Dev.Sub[0].C", "Top.Dev.Sub[1].C", "Top.Z"]


def nodes(*paths):
    return [FakeNode(path=path) for path in paths or PATHS]


def by_path(node):
    return standard_name("B", node.path)


def explicit(pv_map, *paths, get_node=lambda path: None):
    return explicit_map(nodes(*paths), "Top", pv_map, get_node)


def served(result):
    return {entry.path: entry.pv_name for entry in result.entries}


def texts(result):
    return [problem.text for problem in result.problems]

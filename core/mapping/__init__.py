"""Which node of the tree gets which PV name."""

from .extra_nodes import ExtraNode
from .groups import Groups, group_list, is_optional
from .path_globs import path_matcher
from .problems import Problem
from .pv_map import PvEntry, PvMap
from .pv_names import illegal_in, standard_name
from .select import Select
from .selectors import Selector, selects

__all__ = [
    "ExtraNode",
    "Groups",
    "Problem",
    "PvEntry",
    "PvMap",
    "Select",
    "Selector",
    "group_list",
    "illegal_in",
    "is_optional",
    "path_matcher",
    "selects",
    "standard_name",
]

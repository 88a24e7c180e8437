"""Ready converters for what sites often need: each recipe gives the rule for the nodes selected."""

from .bits import bit_field
from .device_table import DeviceTable
from .jsons import json_text
from .rows import table
from .scaling import linear, scaled
from .times import iso_time
from .words import hex_text, split_words

__all__ = [
    "DeviceTable",
    "bit_field",
    "hex_text",
    "iso_time",
    "json_text",
    "linear",
    "scaled",
    "split_words",
    "table",
]

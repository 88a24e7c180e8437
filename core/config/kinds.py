"""The kinds of values in a configuration file."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from typing import Annotated, Any, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from ..pv.pacing import deadband_of
from .numbers import NUMBERS

_TAGS = {
    str: "<text>",
    int: "<number>",
    float: "<number>",
    bool: "<flag>",
    list: "<list>",
    dict: "<mapping>",
}
#: which of several kinds an error is about; no key of a file looks like these
TAGS = tuple(dict.fromkeys(_TAGS.values()))

#: type of an error of pydantic's -> what was expected
EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "float_type": "a number",
    "int_type": "an integer",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "finite_number": "a finite number",
    "greater_than": "a number greater than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "a number less than {lt:g}",
    "less_than_equal": "{le:g} or less",
    "literal_error": "{expected}",
    "kind": "{msg}",
    "share": "{msg}",
}


def either(expected: str, **kinds: Any) -> Any:
    """Return the type of a value of one of some kinds; an error is about its kind alone.

    :param kinds: ``text``, ``number``, ``flag``, ``list`` or ``mapping``, and the type of each
    """
    tagged = tuple(Annotated[kind, Tag(f"<{tag}>")] for tag, kind in kinds.items())
    tell = Discriminator(
        lambda value: _TAGS.get(type(value)),
        custom_error_type="kind",
        custom_error_message=expected,
    )
    return Annotated[Union[tagged], tell]  # noqa: UP007 - of a tuple


def _number(kind: str) -> Any:
    bounds = NUMBERS[kind]
    limits: dict[str, Any] = {**bounds.limits}
    if bounds.integer:
        return Annotated[int, Field(**limits)]
    return Annotated[float, Field(**limits, allow_inf_nan=False)]


def _share(text: str) -> str:
    try:
        deadband_of(text)
    except ValueError:
        raise PydanticCustomError("share", "a share such as '1%'") from None
    return text


Text = Annotated[str, Field(min_length=1)]
Texts = either("text or a list of text", text=Text, list=list[Text])


class Section(BaseModel):
    """A mapping of known keys; nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class OptionalGroup(Section):
    """A group of nodes, and whether a tree may have none of it."""

    group: Text = Field(description="name of the group")
    optional: bool = Field(False, description="true: no problem if no node is in it")


class OptionalPath(Section):
    """A glob of paths, and whether a tree may have none of them."""

    path: Text = Field(description="the glob")
    optional: bool = Field(False, description="true: no problem if no node matches")


Group = either("a group, or a mapping of group and optional", text=Text, mapping=OptionalGroup)
Glob = either("a glob, or a mapping of path and optional", text=Text, mapping=OptionalPath)
Switch = either("true, false or a list of text", flag=bool, list=list[Glob])
GroupNames = either("text or a list of text", text=Text, list=list[Group])
Globs = either("text or a list of text", text=Text, list=list[Glob])
PvNames = either(
    "a PV name or a list of them", text=Text, list=Annotated[list[Text], Field(min_length=1)]
)
PathMap = either(
    "a file name, or a mapping of path to PV name", text=Text, mapping=dict[str, PvNames]
)
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PositiveInt, NameLength = _number("PositiveInt"), _number("NameLength")
Seconds, Interval, Count = _number("Seconds"), _number("Interval"), _number("Count")
Share = Annotated[
    str,
    AfterValidator(_share),
    WithJsonSchema({"type": "string", "pattern": r"^\s*(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*%\s*$"}),
]
Measure = either("a number or a share such as '1%'", text=Share, number=Positive)


class OptionalRate(Section):
    """A rate for a glob of paths, and whether a tree may have none of them."""

    value: Positive | None = Field(description="the rate; null: no limit")
    optional: bool = Field(False, description="true: no problem if no node matches")


class OptionalDeadband(Section):
    """A deadband for a glob of paths, and whether a tree may have none of them."""

    value: Measure | None = Field(description="the deadband; null: none")
    optional: bool = Field(False, description="true: no problem if no node matches")


_RateOfGlob = either("a number", number=Positive, mapping=OptionalRate)
Rate = either(
    "a number, or a mapping of path to number",
    number=Positive,
    mapping=dict[Text, _RateOfGlob | None],
)
_DeadbandOfGlob = either(
    "a number or a share such as '1%'", text=Share, number=Positive, mapping=OptionalDeadband
)
DeadbandValue = either(
    "a number, a share such as '1%', or a mapping of path to these",
    text=Share,
    number=Positive,
    mapping=dict[Text, _DeadbandOfGlob | None],
)

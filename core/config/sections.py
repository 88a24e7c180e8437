"""The sections of a configuration file, and the kinds of values in it.

Each section has the keys and defaults of the plugin that it is for.
"""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from typing import Annotated, Any, Literal, Union

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


def _either(expected: str, **kinds: Any) -> Any:
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
Texts = _either("text or a list of text", text=Text, list=list[Text])


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


Group = _either("a group, or a mapping of group and optional", text=Text, mapping=OptionalGroup)
Glob = _either("a glob, or a mapping of path and optional", text=Text, mapping=OptionalPath)
Switch = _either("true, false or a list of text", flag=bool, list=list[Glob])
GroupNames = _either("text or a list of text", text=Text, list=list[Group])
Globs = _either("text or a list of text", text=Text, list=list[Glob])
PvNames = _either(
    "a PV name or a list of them", text=Text, list=Annotated[list[Text], Field(min_length=1)]
)
PathMap = _either(
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
Measure = _either("a number or a share such as '1%'", text=Share, number=Positive)


class OptionalRate(Section):
    """A rate for a glob of paths, and whether a tree may have none of them."""

    value: Positive | None = Field(description="the rate; null: no limit")
    optional: bool = Field(False, description="true: no problem if no node matches")


class OptionalDeadband(Section):
    """A deadband for a glob of paths, and whether a tree may have none of them."""

    value: Measure | None = Field(description="the deadband; null: none")
    optional: bool = Field(False, description="true: no problem if no node matches")


_RateOfGlob = _either("a number", number=Positive, mapping=OptionalRate)
Rate = _either(
    "a number, or a mapping of path to number",
    number=Positive,
    mapping=dict[Text, _RateOfGlob | None],
)
_DeadbandOfGlob = _either(
    "a number or a share such as '1%'", text=Share, number=Positive, mapping=OptionalDeadband
)
DeadbandValue = _either(
    "a number, a share such as '1%', or a mapping of path to these",
    text=Share,
    number=Positive,
    mapping=dict[Text, _DeadbandOfGlob | None],
)


def without_default(schema: dict[str, Any]) -> None:
    """Leave the default out of the schema: it stands for a key that is not there."""
    del schema["default"]


class PluginOptions(Section):
    """A plugin that takes options."""

    plugin: str = Field(
        pattern=r"^[\w.]+:[\w.]+$", description="name of its class, as `package.module:Class`"
    )
    options: dict[str, Any] = Field(
        {},
        json_schema_extra={"additionalProperties": True},  # which pydantic says since 2.11
        description="arguments of the class, by name",
    )


class AliasOptions(Section):
    """Names by a template."""

    template: Text = Field("{base}:{path}", description="literal text and fields")
    case: Literal["upper", "lower"] | None = Field(
        None, description="case of the whole name; null: unchanged"
    )
    separator: str = Field(":", description="between the parts of `{device}` and `{path}`")
    index: str = Field("[{}]", description="how the index of an array node is written")
    prefixes: dict[str, str] = Field(
        {}, description="path of a device -> text in place of this path"
    )


Alias = _either("a template, or a mapping", text=Text, mapping=AliasOptions)
Aliases = _either(
    "a template, a mapping, or a list of them", text=Text, list=list[Alias], mapping=AliasOptions
)


class NamesOptions(AliasOptions):
    """PV names by a template, and further names."""

    aliases: Aliases = Field([], description="templates of further names")
    longest: int | None = Field(
        None, ge=20, description="a node whose name has more bytes gets a short alias too"
    )


class OperatorsOptions(Section):
    """What is for named users only."""

    users: Texts = Field(description="user names, and groups as `role/GROUP`")
    paths: Globs = Field([], description="globs of further nodes for these users only")


Operators = _either(
    "a user, a list of users, or a mapping of users and paths",
    text=Text,
    list=list[Text],
    mapping=OperatorsOptions,
)


class PoliciesOptions(Section):
    """Who may put and call."""

    read_only: bool = Field(False, description="true: refuse all puts and calls at first")
    no_write: GroupNames = Field(
        "NoWrite", description="groups whose nodes take no put or call; `[]`: none"
    )
    operators: Operators = Field(
        [],
        json_schema_extra=without_default,
        description="only these users may use PyRogue's dangerous built-ins; `[]`: nobody may",
    )


class AsgOptions(Section):
    """Nodes that are in one access security group."""

    asg: Text = Field(description="name of the group in the file")
    path: Text = Field(
        "", json_schema_extra=without_default, description="glob of the paths of its nodes"
    )
    group: Text = Field(
        "", json_schema_extra=without_default, description="PyRogue group of its nodes"
    )
    level: int = Field(0, ge=0, le=1, description="access security level of its nodes, 0 or 1")
    optional: bool = Field(False, description="true: no problem if no node is in it")


class AcfOptions(Section):
    """Access security."""

    file: Text = Field(description="EPICS access security file")
    assign: list[AsgOptions] = Field(
        [], description="group of each node: the first match counts; others are in `DEFAULT`"
    )
    macros: dict[str, str] = Field({}, description="name -> text for `$(name)` in the file")
    resolve_every: Positive = Field(
        60.0, description="seconds until host names are looked up again"
    )
    client_conf: dict[str, str] | None = Field(
        None,
        description="settings of the client that reads inputs; null: those of the environment",
    )


Level = _either("the name or number of a level", text=Text, number=int)


class AuditOptions(Section):
    """Where puts and calls are written to."""

    file: Text = Field(
        "", json_schema_extra=without_default, description="file that is appended to"
    )
    logger: Text = Field(
        "", json_schema_extra=without_default, description="logger that gets each line"
    )
    level: Level = Field(20, description="level of these records")
    max_bytes: int = Field(
        10_000_000, ge=0, description="size at which the file becomes `<file>.1`; 0: never"
    )
    backups: int = Field(10, ge=0, description="older files to keep")
    only: Literal["all", "trapwrite"] = Field(
        "all", description="`trapwrite`: only what a rule with TRAPWRITE allows"
    )


Plugin = _either(
    "the name of a plugin, or a mapping of plugin and options", text=Text, mapping=PluginOptions
)
Names = _either("a template of PV names, or a mapping", text=Text, mapping=NamesOptions)
AccessFile = _either("a file name, or a mapping", text=Text, mapping=AcfOptions)
AuditTrail = _either("a file name, or a mapping", text=Text, mapping=AuditOptions)

"""The sections of a configuration file, and the kinds of values in it.

Each section has the keys and defaults of the plugin that it is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

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

#: which of several kinds an error is about; no key of a file looks like these
TAGS = ("<text>", "<number>", "<list>", "<mapping>")
_KINDS = dict(zip((str, int, list, dict), TAGS, strict=True))
_KINDS_OF_MEASURES = {**_KINDS, float: TAGS[1]}
TEXT, NUMBER, LIST, MAPPING = map(Tag, TAGS)
FLAG = Tag("<flag>")

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
    "less_than_equal": "{le:g} or less",
    "literal_error": "{expected}",
    "kind": "{msg}",
    "share": "{msg}",
}


def either(expected: str, kinds: Mapping[type, str] = _KINDS) -> Discriminator:
    """Tell what is text, a list or a mapping, so that an error is about that one alone."""
    return Discriminator(
        lambda value: kinds.get(type(value)),
        custom_error_type="kind",
        custom_error_message=expected,
    )


def _share(text: str) -> str:
    try:
        deadband_of(text)
    except ValueError:
        raise PydanticCustomError("share", "a share such as '1%'") from None
    return text


Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[
    Annotated[Text, TEXT] | Annotated[list[Text], LIST], either("text or a list of text")
]


class Section(BaseModel):
    """A mapping of known keys; nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class OptionalGroup(Section):
    """A group of nodes, and whether a tree may have none of it."""

    group: Text = Field(description="name of the group")
    optional: bool = Field(False, description="true if no node need be in it")


class OptionalPath(Section):
    """A glob of paths, and whether a tree may have none of them."""

    path: Text = Field(description="the glob")
    optional: bool = Field(False, description="true if no node need match it")


Group = Annotated[
    Annotated[Text, TEXT] | Annotated[OptionalGroup, MAPPING],
    either("a group, or a mapping of group and optional"),
]
Glob = Annotated[
    Annotated[Text, TEXT] | Annotated[OptionalPath, MAPPING],
    either("a glob, or a mapping of path and optional"),
]
Switch = Annotated[
    Annotated[bool, FLAG] | Annotated[list[Glob], LIST],
    either("true, false or a list of text", {bool: "<flag>", list: TAGS[2]}),
]
GroupNames = Annotated[
    Annotated[Text, TEXT] | Annotated[list[Group], LIST], either("text or a list of text")
]
Globs = Annotated[
    Annotated[Text, TEXT] | Annotated[list[Glob], LIST], either("text or a list of text")
]
PvNames = Annotated[
    Annotated[Text, TEXT] | Annotated[list[Text], Field(min_length=1), LIST],
    either("a PV name or a list of them"),
]
PathMap = Annotated[
    Annotated[Text, TEXT] | Annotated[dict[str, PvNames], MAPPING],
    either("a file name, or a mapping of path to PV name"),
]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PositiveInt = Annotated[int, Field(gt=0)]
Share = Annotated[
    str,
    AfterValidator(_share),
    WithJsonSchema({"type": "string", "pattern": r"^\s*(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*%\s*$"}),
]
Measure = Annotated[
    Annotated[Share, TEXT] | Annotated[Positive, NUMBER],
    either("a number or a share such as '1%'", _KINDS_OF_MEASURES),
]


class OptionalRate(Section):
    """A rate for a glob of paths, and whether a tree may have none of them."""

    value: Positive | None = Field(description="the rate; null for all updates")
    optional: bool = Field(False, description="true if no node need match the glob")


class OptionalDeadband(Section):
    """A deadband for a glob of paths, and whether a tree may have none of them."""

    value: Measure | None = Field(description="the deadband; null for none")
    optional: bool = Field(False, description="true if no node need match the glob")


_RateOfGlob = Annotated[
    Annotated[Positive, NUMBER] | Annotated[OptionalRate, MAPPING],
    either("a number", _KINDS_OF_MEASURES),
]
Rate = Annotated[
    Annotated[Positive, NUMBER] | Annotated[dict[Text, _RateOfGlob | None], MAPPING],
    either("a number, or a mapping of path to number", _KINDS_OF_MEASURES),
]
_DeadbandOfGlob = Annotated[
    Annotated[Share, TEXT] | Annotated[Positive, NUMBER] | Annotated[OptionalDeadband, MAPPING],
    either("a number or a share such as '1%'", _KINDS_OF_MEASURES),
]
DeadbandValue = Annotated[
    Annotated[Share, TEXT]
    | Annotated[Positive, NUMBER]
    | Annotated[dict[Text, _DeadbandOfGlob | None], MAPPING],
    either("a number, a share such as '1%', or a mapping of path to these", _KINDS_OF_MEASURES),
]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


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
        None, description="of the whole name; null to leave it"
    )
    separator: str = Field(":", description="between the parts of `{device}` and `{path}`")
    index: str = Field("[{}]", description="how the index of an array node is written")
    prefixes: dict[str, str] = Field(
        {}, description="path of a device -> what stands for it, and all above it, in names"
    )


Alias = Annotated[
    Annotated[Text, TEXT] | Annotated[AliasOptions, MAPPING], either("a template, or a mapping")
]


class NamesOptions(AliasOptions):
    """PV names by a template, and further names."""

    aliases: Annotated[
        Annotated[Text, TEXT] | Annotated[list[Alias], LIST] | Annotated[AliasOptions, MAPPING],
        either("a template, a mapping, or a list of them"),
    ] = Field([], description="templates of further names")
    longest: int | None = Field(
        None, ge=20, description="bytes of a name above which a node gets a short alias too"
    )


class OperatorsOptions(Section):
    """What is for named users only."""

    users: Texts = Field(description="user names, and groups as `role/GROUP`")
    paths: Globs = Field([], description="globs of further nodes that are for them alone")


class PoliciesOptions(Section):
    """Who may put and call."""

    read_only: bool = Field(False, description="true to start with all puts and calls refused")
    no_write: GroupNames = Field(
        "NoWrite", description="groups whose nodes take no put and no call; `[]` for none"
    )
    operators: Annotated[
        Annotated[Text, TEXT] | Annotated[list[Text], LIST] | Annotated[OperatorsOptions, MAPPING],
        either("a user, a list of users, or a mapping of users and paths"),
    ] = Field(
        [],
        json_schema_extra=without_default,
        description="users that alone may use PyRogue's dangerous built-ins; if the key is there "
        "and names nobody, nobody may",
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
    optional: bool = Field(False, description="true if no node need be in it")


class AcfOptions(Section):
    """Access security."""

    file: Text = Field(description="EPICS access security file")
    assign: list[AsgOptions] = Field(
        [], description="which nodes are in which group, first match first; all others in `DEFAULT`"
    )
    macros: dict[str, str] = Field({}, description="name -> what stands for `$(name)` in the file")
    resolve_every: Positive = Field(
        60.0, description="seconds between two look-ups of the host names in the file"
    )
    client_conf: dict[str, str] | None = Field(
        None,
        description="settings of the client that reads inputs of other servers; null for those of "
        "the environment",
    )


class AuditOptions(Section):
    """Where puts and calls are written to."""

    file: Text = Field(
        "", json_schema_extra=without_default, description="file that is appended to"
    )
    logger: Text = Field(
        "", json_schema_extra=without_default, description="name of a logger that gets each line"
    )
    level: Annotated[
        Annotated[Text, TEXT] | Annotated[int, NUMBER], either("the name or number of a level")
    ] = Field(20, description="level of these records")
    max_bytes: int = Field(
        10_000_000, ge=0, description="size at which the file becomes `<file>.1`; 0 for never"
    )
    backups: int = Field(10, ge=0, description="how many older files are kept")
    only: Literal["all", "trapwrite"] = Field(
        "all", description="`trapwrite` for what a rule with TRAPWRITE has allowed"
    )


Plugin = Annotated[
    Annotated[Text, TEXT] | Annotated[PluginOptions, MAPPING],
    either("the name of a plugin, or a mapping of plugin and options"),
]


Names = Annotated[
    Annotated[Text, TEXT] | Annotated[NamesOptions, MAPPING],
    either("a template of PV names, or a mapping"),
]
AccessFile = Annotated[
    Annotated[Text, TEXT] | Annotated[AcfOptions, MAPPING], either("a file name, or a mapping")
]
AuditTrail = Annotated[
    Annotated[Text, TEXT] | Annotated[AuditOptions, MAPPING], either("a file name, or a mapping")
]

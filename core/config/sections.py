"""The sections of a configuration file.

Each section has the keys and defaults of the plugin that it is for.
"""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from .kinds import Globs, GroupNames, Positive, PositiveInt, Section, Text, Texts, either


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


Alias = either("a template, or a mapping", text=Text, mapping=AliasOptions)
Aliases = either(
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


Operators = either(
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


Level = either("the name or number of a level", text=Text, number=int)


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


class WebOptions(Section):
    """The web backend."""

    host: Text = Field("127.0.0.1", description="address to listen on; `0.0.0.0`: all")
    port: int = Field(8080, ge=0, le=65_535, description="TCP port; 0: any free one")
    hosts: list[Text] = Field(
        [], description="further names of this server, as browsers and proxies address it"
    )
    read: Literal["all", "users"] | None = Field(
        None, description="who may read; null: `all` if it listens on loopback only, else `users`"
    )
    tokens: Text = Field(
        "", json_schema_extra=without_default, description="file with a user and a token per line"
    )
    proxies: list[Text] = Field(
        [], description="addresses or networks of proxies that say who the user is"
    )
    user_header: Text = Field("X-Forwarded-User", description="header in which they say it")
    certificate: Text = Field(
        "", json_schema_extra=without_default, description="file with the certificate, for TLS"
    )
    key: Text = Field(
        "", json_schema_extra=without_default, description="file with its key, if not in the same"
    )
    frames: list[Text] = Field([], description="origins whose pages may show this one in a frame")
    frame_rate: Positive = Field(
        10.0, description="most updates of a PV per second and client; the newest is always sent"
    )
    max_clients: PositiveInt = Field(1000, description="connections in all")
    max_clients_per_host: PositiveInt = Field(100, description="connections of one address")
    max_subscriptions: PositiveInt = Field(10_000, description="PVs that one client may monitor")


Plugin = either(
    "the name of a plugin, or a mapping of plugin and options", text=Text, mapping=PluginOptions
)
Names = either("a template of PV names, or a mapping", text=Text, mapping=NamesOptions)
AccessFile = either("a file name, or a mapping", text=Text, mapping=AcfOptions)
AuditTrail = either("a file name, or a mapping", text=Text, mapping=AuditOptions)

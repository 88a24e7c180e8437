"""What a configuration file may say, as a model and as a JSON schema.

The model only judges: what it has found right is handed on as it stands in the file.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from ..requests.queued_bytes import MOST
from ..server.server import PvServer
from .sections import (
    AccessFile,
    AuditTrail,
    DeadbandValue,
    GroupNames,
    Names,
    PathMap,
    Plugin,
    PoliciesOptions,
    Positive,
    PositiveInt,
    Rate,
    Seconds,
    Section,
    Switch,
    Text,
    without_default,
)


class ServerConfig(Section):
    """What a Roguebridge server serves, and how."""

    # All arguments of the constructor, but for root and clock, which come from Python.

    model_config = ConfigDict(title="Roguebridge configuration")

    base: Text = Field("", json_schema_extra=without_default)
    incGroups: GroupNames | None = Field(
        None, description="serve only nodes in one of these groups; null for all"
    )
    excGroups: GroupNames | None = None
    pvMap: PathMap | None = Field(
        None,
        description="null to serve every node that passes the groups; or a mapping of path to PV "
        "name (or to a list of names), or the name of a file that `dump()` wrote, to serve "
        "exactly those",
    )
    backends: list[Text] = ["pva"]
    plugins: list[Plugin] = Field(
        [],
        description="dotted names of modules, or of what is in a module as `module:name`; a class "
        "that takes arguments as a mapping of `plugin` and `options`; asked before all others",
    )
    names: Names = Field(
        "",
        json_schema_extra=without_default,
        description="a template of PV names, e.g. `{base}:{device}:{name}`, or its mapping",
    )
    policies: PoliciesOptions = Field(
        PoliciesOptions.model_construct(),
        json_schema_extra=without_default,
        description="who may put and call",
    )
    acf: AccessFile = Field(
        "",
        json_schema_extra=without_default,
        description="EPICS access security file, or its mapping",
    )
    audit: AuditTrail = Field(
        "",
        json_schema_extra=without_default,
        description="file that every put and call is written to, or its mapping",
    )
    strict: bool = False
    isolate: bool = False
    conf: dict[str, str] | None = None
    put_reply_timeout: Seconds | None = 0.5
    completion_timeout: Seconds | None = 1.0
    open_timeout: Seconds = 1.0
    read_on_connect: bool = False
    poll_watched: Positive | None = None
    missed_polls: Positive | None = 3.0
    stuck_after: Positive = 10.0
    update_rate: Rate | None = Field(
        None,
        description="how many updates a PV shows in a second at most, the newest in any case; a "
        "number for all PVs, or a mapping of the glob of a path to a number, first match first; "
        "null for all",
    )
    deadband: DeadbandValue | None = Field(
        None,
        description="the largest change of a number that a PV need not show: in its own units, or "
        "as a share of what it shows (`1%`); for all PVs, or a mapping of the glob of a path to "
        "a deadband, first match first; null for none",
    )
    clamp: Switch = Field(
        False,
        description="true to set a number that is put outside the limits of its variable to the "
        "limit, false to refuse it; or a list of the globs of the paths for which it is set",
    )
    allow_nan: Switch = Field(
        False,
        description="true to take NaN for variables that have limits, false to refuse it; or a "
        "list of the globs of the paths for which it is taken",
    )
    queue_commands: bool = False
    max_queued_bytes: PositiveInt = MOST
    group_cache: Seconds = 60.0
    max_name: int = Field(256, ge=16, le=65_536)
    stop_timeout: Seconds = 5.0


class _Schema(GenerateJsonSchema):
    """Without titles, which would only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file, every key with what it means."""
    schema = ServerConfig.model_json_schema(schema_generator=_Schema)
    for name, text in _meanings().items():
        schema["properties"][name].setdefault("description", text)
    return {"$schema": _Schema.schema_dialect, **schema}


def _meanings() -> dict[str, str]:
    """Return what each argument means, from the constructor's docstring, in words of YAML."""
    found = re.findall(r":param (\w+): (.*?)(?=\n:|\Z)", inspect.getdoc(PvServer) or "", re.S)
    return {
        name: _in_yaml(" ".join(text.split()))
        for name, text in found
        if name in ServerConfig.model_fields
    }


def _in_yaml(text: str) -> str:
    text = re.sub(r":meth:`(\w+)`", r"`\1()`", text).replace("``", "`")
    return text.replace("None", "null").replace("True", "true")

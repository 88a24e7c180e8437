"""What a configuration file may say, as a model and as a JSON schema.

The model only judges: what it has found right is handed on as it stands in the file.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from .options import OPTIONS
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


def _option(name: str, **more: Any) -> Any:
    """Return the field of an option; a default that a file cannot say means: no such key."""
    option = OPTIONS[name]
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    return Field(default if default is not ... else "", description=option.description, **more)


class ServerConfig(Section):
    """What a Roguebridge server serves, and how."""

    # All arguments of the constructor, but for root and clock, which come from Python.

    model_config = ConfigDict(title="Roguebridge configuration")

    base: Text = _option("base", json_schema_extra=without_default)
    incGroups: GroupNames | None = _option("incGroups")
    excGroups: GroupNames | None = _option("excGroups")
    pvMap: PathMap | None = _option("pvMap")
    backends: list[Text] = _option("backends")
    plugins: list[Plugin] = _option("plugins")
    names: Names = _option("names", json_schema_extra=without_default)
    policies: PoliciesOptions = _option("policies", json_schema_extra=without_default)
    acf: AccessFile = _option("acf", json_schema_extra=without_default)
    audit: AuditTrail = _option("audit", json_schema_extra=without_default)
    strict: bool = _option("strict")
    isolate: bool = _option("isolate")
    conf: dict[str, str] | None = _option("conf")
    put_reply_timeout: Seconds | None = _option("put_reply_timeout")
    completion_timeout: Seconds | None = _option("completion_timeout")
    open_timeout: Seconds = _option("open_timeout")
    read_on_connect: bool = _option("read_on_connect")
    poll_watched: Positive | None = _option("poll_watched")
    missed_polls: Positive | None = _option("missed_polls")
    stuck_after: Positive = _option("stuck_after")
    update_rate: Rate | None = _option("update_rate")
    deadband: DeadbandValue | None = _option("deadband")
    clamp: Switch = _option("clamp")
    allow_nan: Switch = _option("allow_nan")
    queue_commands: bool = _option("queue_commands")
    max_queued_bytes: PositiveInt = _option("max_queued_bytes")
    group_cache: Seconds = _option("group_cache")
    max_name: int = _option("max_name", ge=16, le=65536)
    stop_timeout: Seconds = _option("stop_timeout")


class _Schema(GenerateJsonSchema):
    """Without titles, which would only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file, every key with what it means."""
    schema = ServerConfig.model_json_schema(schema_generator=_Schema)
    return {"$schema": _Schema.schema_dialect, **schema}

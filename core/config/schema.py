"""The content of a configuration file, as a model and as a JSON schema.

The model only checks: the server gets the values as they stand in the file.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, create_model
from pydantic.json_schema import GenerateJsonSchema

from . import kinds, sections
from .options import OPTIONS, ROOT_ARGUMENTS, Option

_NO_DEFAULT = (
    "base",
    "names",
    "policies",
    "acf",
    "audit",
    "web",
)  # a file cannot say that it is left out


def _field(name: str, option: Option) -> Any:
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    left_out = sections.without_default if name in _NO_DEFAULT else None
    return Field(
        "" if default is ... else default,
        description=option.description,
        json_schema_extra=left_out,
    )


#: what a server serves, and how: all arguments of the constructor that do not come from Python;
#: and the arguments of the root
ServerConfig = create_model(
    "ServerConfig",
    __base__=kinds.Section,
    __doc__="What a Roguebridge server serves, and how.",
    **{
        name: (option.kind, _field(name, option))
        for name, option in {**OPTIONS, "args": ROOT_ARGUMENTS}.items()
        if option.kind
    },  # type: ignore[call-overload]
)
ServerConfig.model_config["title"] = "Roguebridge configuration"
ServerConfig.model_rebuild(force=True, _types_namespace={**vars(kinds), **vars(sections)})


class _Schema(GenerateJsonSchema):
    """Without titles, which would only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file, every key with what it means."""
    schema = ServerConfig.model_json_schema(schema_generator=_Schema)
    return {"$schema": _Schema.schema_dialect, **schema}

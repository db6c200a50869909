"""The models as JSON Schema, with what a schema made by pydantic alone would not say.

- a date inside `data` may be a string, too
- `x-known-values`: the values of an open enum that we know; others are kept as they are
- `x-also-read-as`: other names under which a field is read
- `x-layer`: the fields that v1 adds
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from tui.protocol.models.base import WireModel

REFERENCE = "#/components/schemas/"
V1_FIELDS = {
    "Metadata": ("offset", "replayed", "conflated"),
    "ConnectData": ("protocol", "serverTime", "heartbeatMs", "limits"),
    "AuthSuccessData": ("limits",),
    "PongData": ("positions",),
    "SubscribeData": ("subscriptions", "resume", "snapshot"),
}
"""By model: fields that plain clients neither send nor see."""


def schemas(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """The schemas of models, and of all they are made of, by name; references are to REFERENCE."""
    _, defined = models_json_schema(
        [(model, "validation") for model in models],
        by_alias=True,
        ref_template=REFERENCE + "{model}",
        schema_generator=_Generator,
    )
    found: dict[str, Any] = defined["$defs"]
    for model in _models(WireModel):
        if schema := found.get(model.__name__):
            _tell_other_names(schema["properties"], model)
            if "const" in schema["properties"].get("type", ()):  # which models take for granted
                schema["required"] = ["type", *schema.get("required", ())]
    for name, fields in V1_FIELDS.items():
        for field in fields if name in found else ():
            found[name]["properties"][field]["x-layer"] = "v1"
    return dict(sorted(found.items()))


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: a field's name says as much."""
        del schema
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """In as few lines as it can be said."""
        inner = self.generate_inner(schema["schema"])
        if isinstance(inner.get("type"), str) and "enum" not in inner:
            return inner | {"type": [inner["type"], "null"]}
        others = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
        return {"anyOf": [*others, {"type": "null"}]}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """An absent field is absent, not null."""
        return self.generate_inner(schema["schema"])

    def function_after_schema(
        self, schema: core_schema.AfterValidatorFunctionSchema
    ) -> JsonSchemaValue:
        written = super().function_after_schema(schema)
        # The readers of open enums are look-ups in a table of what is known.
        table = getattr(schema["function"]["function"], "__self__", None)
        return written | {"x-known-values": list(table)} if isinstance(table, Mapping) else written

    def function_before_schema(
        self, schema: core_schema.BeforeValidatorFunctionSchema
    ) -> JsonSchemaValue:
        """The one there is turns dates into numbers."""
        date = {"type": "string", "format": "date-time"}
        return {"anyOf": [super().function_before_schema(schema), date]}


def _models(model: type[WireModel]) -> Iterator[type[WireModel]]:
    for one in model.__subclasses__():
        yield one
        yield from _models(one)


def _tell_other_names(properties: dict[str, Any], model: type[WireModel]) -> None:
    for field in model.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            name, *others = map(str, field.validation_alias.choices)
            properties[name]["x-also-read-as"] = others

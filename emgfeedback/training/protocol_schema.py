"""The vocabulary of exercise files as a JSON schema, for editors that complete and check TOML."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from emgfeedback.training.protocol_tables import ProtocolFile

DRAFT = "http://json-schema.org/draft-07/schema#"
"""An old draft, for editors of TOML know no newer one."""


def schema() -> dict[str, Any]:
    """Return the JSON schema; it knows keys and values, and `parse_protocol` also what holds between them."""
    made = ProtocolFile.model_json_schema(
        by_alias=True, ref_template="#/definitions/{model}", schema_generator=_Plain
    )
    definitions = made.pop("$defs")
    made["title"] = "emgfeedback exercise file"
    return {"$schema": DRAFT, **made, "definitions": definitions}


def schema_text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


class _Plain(GenerateJsonSchema):
    """Without titles that repeat the key, and without null, which TOML has not."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if key != "default" or value is not None}

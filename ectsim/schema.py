"""The JSON schema of a scenario file, made from the parameters' own annotations."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ectsim.plan import Plan, plan_names
from ectsim.programme import Programme, programme_names
from ectsim.scenario import FORMAT, Story, preset_names
from ectsim.school import Conditions

__all__ = ["scenario_schema"]


def scenario_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a scenario file.

    A TOML file is checked after it is read: TOML has no null, so an empty text stands for one.

    Returns
    -------
    dict
        The schema, with each parameter's question, unit, status, source and plausible range.
    """
    definitions: dict[str, Any] = {}
    rooms = {name: _partial(model, definitions) for name, model in _ROOMS.items()}
    rooms["plan"]["properties"]["preset"] = {
        "description": "The plan to start from; the other keys change it.",
        "enum": list(plan_names()),
    }
    story = Story.model_json_schema(ref_template="#/$defs/{model}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of ectsim",
        "description": "Programme, school and plan. A run is a scenario, a seed and a replication.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "format": {"const": FORMAT, "description": "Version of this form."},
            "name": {"type": "string", "description": "What to call it."},
            "programme": {
                "enum": list(programme_names()),
                "description": "The regime: what is due.",
            },
            "school": {
                "type": "string",
                "description": "Folder of an imported school, relative to the file, or a school that ships.",
            },
            "preset": {
                "enum": list(preset_names()),
                "description": "A scenario that ships, to start from.",
            },
            **rooms,
            "story": story,
        },
        "not": {"required": ["school", "preset"]},
        "$defs": definitions,
    }


_ROOMS: dict[str, type[BaseModel]] = {
    "plan": Plan,
    "conditions": Conditions,
    "programme_changes": Programme,
}


def _partial(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a model's schema in which nothing is required: a file names what it changes."""
    schema = model.model_json_schema(ref_template="#/$defs/{model}")
    definitions.update(schema.pop("$defs", {}))
    for part in (schema, *definitions.values()):
        part.pop("required", None)
    return schema

"""Bodies made from the document: what a client would send that knows nothing else."""

import re
from typing import Any

from flask import Flask

from portal.api.document import document_of
from portal.jobs.runner import Runner


def options_for(app: Flask, rule: str, method: str) -> dict[str, Any]:
    """Return the test client's options for a body that fits the document; empty without one."""
    document = document_of(app)
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)
    content = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return {"json": sample(document, content["application/json"]["schema"])}
    if "multipart/form-data" in content:
        values = sample(document, content["multipart/form-data"]["schema"])
        return {"data": values, "content_type": "multipart/form-data"}
    return {}


def sample(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Return a small value that fits a schema: of an object what it must have."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return sample(document, document["components"]["schemas"][name])
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if isinstance(kind, list):
        # A value or null: the value.
        kind = next(each for each in kind if each != "null")
    if kind == "object":
        needed = schema.get("required", [])
        if "oneOf" in schema:
            needed = schema["oneOf"][0]["required"]
        return {name: sample(document, schema["properties"][name]) for name in needed}
    strings = {"date": "2026-01-05", "date-time": "2026-01-05T09:30:00+00:00"}
    simple: dict[Any, Any] = {
        "integer": schema.get("minimum", 1),
        "boolean": True,
        "array": [],
        "string": strings.get(schema.get("format", ""), "13800138000"),
    }
    return simple[kind]


def run_jobs(app: Flask, kind: str) -> None:
    """Run the waiting jobs of a kind."""
    runner = Runner(app, kinds=(kind,))
    while runner.run_once():
        pass

"""A program that knows nothing of the portal but its OpenAPI document.

It finds calls by their operationId, checks what it sends and gets against the document's schemas,
and follows what the document says of headers, media types and errors. It imports nothing of ours.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from openapi_schema_validator import OAS31Validator

Send = Callable[[str, str, dict[str, str], dict[str, Any]], Any]
"""Sends method, address, headers and a body; answers with `status_code`, `mimetype` and `text`."""


class BrokenError(AssertionError):
    """The portal does otherwise than its document says."""


@dataclass(frozen=True)
class Answer:
    """An answer that is as the document says."""

    status: int
    body: Any


@dataclass
class Client:
    """Calls by operationId; `asked` counts them."""

    send: Send
    document: Mapping[str, Any]
    token: str | None = None
    asked: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, send: Send, where: str) -> "Client":
        """Read the document, which is all that this client ever knows."""
        answer = send("GET", where, {}, {})
        return cls(send, json.loads(answer.text))

    def other(self, token: str | None) -> "Client":
        """Return a client for another account."""
        return Client(self.send, self.document, token)

    def call(
        self, operation: str, body: Any = None, *, files: Any = None, **parameters: Any
    ) -> Answer:
        """Make a call that the document describes. Raises BrokenError if it breaks it."""
        path, method, about = self._find(operation)
        self.asked.append(operation)
        headers, query = {"Accept": "application/json, application/problem+json"}, {}
        for each in about.get("parameters", ()):
            each = self._resolved(each)
            if each["name"] not in parameters:
                if each.get("required"):
                    raise BrokenError(f"{operation} needs {each['name']}")
                continue
            value = parameters.pop(each["name"])
            self._check(f"{operation} {each['name']}", value, each["schema"])
            if each["in"] == "path":
                path = path.replace("{" + each["name"] + "}", str(value))
            elif each["in"] == "query":
                query[each["name"]] = str(value)
            else:
                headers[each["name"]] = str(value)
        if parameters:
            raise BrokenError(f"{operation} knows no {sorted(parameters)}")
        needs_token = {} not in about["security"]
        if needs_token and not self.token:
            raise BrokenError(f"{operation} needs a token")
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        sent = self._body(operation, about, body, files)
        return self._answer(
            operation, about, self.send(method.upper(), path, headers, {**sent, "query": query})
        )

    def _find(self, operation: str) -> tuple[str, str, Mapping[str, Any]]:
        for path, methods in self.document["paths"].items():
            for method, about in methods.items():
                if method != "parameters" and about["operationId"] == operation:
                    own = [*methods.get("parameters", ()), *about.get("parameters", ())]
                    return path, method, {**about, "parameters": own}
        raise BrokenError(f"the document has no {operation}")

    def _body(
        self, operation: str, about: Mapping[str, Any], body: Any, files: Any
    ) -> dict[str, Any]:
        if body is None:
            if about.get("requestBody", {}).get("required"):
                raise BrokenError(f"{operation} needs a body")
            return {}
        [(media, shape)] = about["requestBody"]["content"].items()
        if media == "application/json":
            self._check(f"{operation}'s body", body, shape["schema"])
            return {"json": body}
        # Of files the document says no more than that they are bytes: texts stand in for them.
        checked = {**body, **{name: ["…"] * len(all_) for name, all_ in (files or {}).items()}}
        self._check(f"{operation}'s form", checked, shape["schema"])
        return {"data": {**body, **(files or {})}, "media": media}

    def _answer(self, operation: str, about: Mapping[str, Any], answer: Any) -> Answer:
        told = about["responses"].get(str(answer.status_code))
        if told is None:
            raise BrokenError(f"{operation} answered {answer.status_code}, which is not told")
        content = self._resolved(told).get("content")
        if content is None:
            if answer.text:
                raise BrokenError(f"{operation} answered {answer.status_code} with a body")
            return Answer(answer.status_code, None)
        if answer.mimetype not in content:
            raise BrokenError(f"{operation} answered {answer.mimetype}")
        found = json.loads(answer.text)
        name = f"{operation}'s answer {answer.status_code}"
        self._check(name, found, content[answer.mimetype]["schema"])
        return Answer(answer.status_code, found)

    def _resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Any = part
        while "$ref" in found:
            at: Any = self.document
            for step in found["$ref"].removeprefix("#/").split("/"):
                at = at[step]
            found = at
        return found

    def _check(self, what: str, value: Any, schema: Mapping[str, Any]) -> None:
        whole = {**schema, "components": self.document["components"]}
        faults = [
            f"{'/'.join(map(str, fault.path))}: {fault.message}"
            for fault in OAS31Validator(
                whole, format_checker=OAS31Validator.FORMAT_CHECKER
            ).iter_errors(value)
        ]
        if faults:
            raise BrokenError(f"{what}: {'; '.join(faults)}")

"""The OpenAPI 3.1 document, made from the routes when it is first asked for."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_smorest import Api
from flask_smorest.spec import MarshmallowPlugin
from marshmallow import INCLUDE, Schema, fields
from werkzeug.routing import Rule

from portal.access import OWN_SCOPES, Access, Audience, Scope, access_of, scope_of
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Input
from portal.api.problems import MEDIA_TYPE
from portal.api_address import API_PREFIX
from portal.i18n import LANGUAGES
from portal.idempotency.answers import HEADER, takes_key

_KEPT = "portal.openapi"
_BODILESS = frozenset({"get", "head"})
_MEANINGS = {
    400: "The request could not be read: bad JSON, a NUL, a cursor of another list.",
    401: "The token is missing, unknown, expired, revoked or another project's.",
    403: "The account or the token's scopes lack a right that this needs.",
    404: "There is no such thing, or it is not the token's to see.",
    409: "The thing has moved on, or the idempotency key's first use is still running.",
    413: "The request is too large.",
    415: "The body is not of the media type named here.",
    422: "Something in the request is not acceptable; `errors` names the fields.",
    429: "Too many tries; `Retry-After` says how many seconds to wait.",
    503: "The database is busy; try again.",
}
_ABOUT = """The JSON API of the owners' club portal. Every call but the public ones needs a bearer
token: POST /api/v1/sign-in gives one that acts as the account of the person who signs in; somebody
new sends a code to a phone (/sign-in/code), signs in with it, and joins with the ticket of the 409
answer (/join). A token may be narrowed by scopes: then a call with `x-permission` needs that
permission among them, one with `x-scope` that scope, and a call that says that no scope covers it
needs a token without scopes. A service's token is nobody's account: it may ask GET /api/v1/me what
it may do, and whatever else lies under /me answers 403. Errors are problem details (RFC 9457) in
the reader's language. Lists come in pages. A POST, PUT, PATCH or DELETE may carry an `Idempotency-
Key`: sent again with the same body, it gets the first answer. See docs/api.md."""


class Problem(Schema):
    """An error as RFC 9457 describes it; some have members of their own."""

    class Meta:
        """Marshmallow's settings."""

        unknown = INCLUDE

    type = fields.String(required=True, metadata={"description": "Tells programs what is wrong."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    reference = fields.String(required=True, metadata={"description": "Names the log's lines."})
    state = fields.String(metadata={"description": "Of a 409: where the thing stands now."})
    ticket = fields.String(metadata={"description": "Signing in: for the step that is needed."})
    expires_in = fields.Integer(metadata={"description": "How long a ticket lives, in seconds."})
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class _Document(Api):
    """Flask-smorest's registry, for the document alone: errors and routes are ours."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        pass

    def _register_etag_headers(self) -> None:
        pass

    def _register_pagination_header(self) -> None:
        pass


def document_of(app: Flask) -> dict[str, Any]:
    """Return the document of the API of `app`; made once."""
    if _KEPT not in app.extensions:
        with app.app_context():
            app.extensions[_KEPT] = _make(app)
    found: dict[str, Any] = app.extensions[_KEPT]
    return found


def _make(app: Flask) -> dict[str, Any]:
    api = _Document()
    api.init_app(
        app,
        spec_kwargs={
            "title": "Owners' club portal",
            "version": "1",
            "openapi_version": "3.1.0",
            "info": {"description": _ABOUT},
            "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_name_of),
        },
    )
    spec = api.spec
    spec.components.security_scheme(
        "bearer",
        {"type": "http", "scheme": "bearer", "description": "A member's or a service's token."},
    )
    for blueprint in app.blueprints.values():
        if isinstance(blueprint, ApiBlueprint):
            blueprint.register_views_in_doc(api, app, spec, name=blueprint.name, parameters=None)
            spec.tag({"name": blueprint.name, "description": blueprint.title})
    made: dict[str, Any] = spec.to_dict()
    # Flask-smorest's own answer to a body of another shape: no route refers to it, see _add_errors.
    made["components"].pop("responses", None)
    made["servers"] = [{"url": _address(app), "description": "This portal."}]
    for schema in _inputs(Input):
        found = made["components"]["schemas"].get(_name_of(schema))
        if schema.ways and found is not None:
            found["oneOf"] = [{"required": list(way)} for way in schema.ways]
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API_PREFIX):
            _complete(app, made, rule)
    return made


def _address(app: Flask) -> str:
    """Return where this portal is reached, without the API's own prefix, which paths begin with."""
    base = urlsplit(app.extensions["portal.settings"].base_url)
    return f"{base.scheme}://{base.netloc}"


def _inputs(kind: type[Input]) -> Iterator[type[Input]]:
    """Yield every schema of a body."""
    for each in kind.__subclasses__():
        yield each
        yield from _inputs(each)


def _name_of(schema: type[Schema] | Schema) -> str:
    """Return a schema's name in the document; those of plugins carry the plugin's."""
    kind = schema if isinstance(schema, type) else type(schema)
    package, _, _module = kind.__module__.rpartition(".")
    if package.startswith("portal."):
        return kind.__name__
    owner = package.rpartition(".")[2].title().replace("_", "")
    return owner + kind.__name__


def _complete(app: Flask, made: dict[str, Any], rule: Rule) -> None:
    """Add what follows from the route's declaration: names, headers, rights, errors."""
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
    operations = made["paths"].get(path, {})
    view = app.view_functions[rule.endpoint]
    access = access_of(view) or Access(Audience.PERMISSION)
    for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
        operation = operations.get(method.lower())
        if operation is None:
            continue
        blueprint, _, name = rule.endpoint.partition(".")
        operation["operationId"] = f"{blueprint.removesuffix('_api')}_{name}"
        token: list[dict[str, list[str]]] = [{"bearer": []}]
        operation["security"] = [{}, *token] if access.audience is Audience.PUBLIC else token
        if access.permission:
            operation["x-permission"] = access.permission
        if access.audience is not Audience.PUBLIC:
            _add_scope(operation, scope_of(view, method))
        _add_headers(operation, keyed=method != "GET" and takes_key(view))
        _add_errors(operation, method.lower(), access, has_ids="{" in path)


def _add_scope(operation: dict[str, Any], scope: str) -> None:
    """Say which scope a token with scopes needs, or that it must be one without."""
    if scope in OWN_SCOPES:
        operation["x-scope"] = str(scope)
    elif scope == Scope.WHOLE:
        said = (operation.get("description"), "No scope covers this: a token without scopes does.")
        operation["description"] = "\n\n".join(filter(None, said))


def _add_headers(operation: dict[str, Any], *, keyed: bool) -> None:
    parameters = operation.setdefault("parameters", [])
    parameters.append(
        {
            "in": "header",
            "name": "Accept-Language",
            "description": f"The reader's language: {', '.join(LANGUAGES)} by BCP 47.",
            "schema": {"type": "string"},
        }
    )
    if keyed:
        parameters.append(
            {
                "in": "header",
                "name": HEADER,
                "description": "A key for one act: sent again, the first answer comes again.",
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"},
            }
        )
    if operation.pop("x-paged", False):
        success = operation["responses"]["200"]
        success["headers"] = {
            "Link": {
                "description": "The address of the next page, rel=next, when there is one.",
                "schema": {"type": "string"},
            }
        }


def _add_errors(operation: dict[str, Any], method: str, access: Access, *, has_ids: bool) -> None:
    own: dict[int, str] = operation.pop("x-errors", {})
    public = access.audience is Audience.PUBLIC
    codes = {400, 401, 503, *own}
    if not public:
        codes |= {403}
    if has_ids:
        codes |= {404}
    if method not in _BODILESS:
        codes |= {409, 413, 422}
    if "requestBody" in operation:
        codes |= {415}
    if any(parameter.get("in") == "query" for parameter in operation["parameters"]):
        codes |= {422}
    responses = operation["responses"]
    responses.pop("422", None)
    for code in sorted(codes):
        responses[str(code)] = _problem(own.get(code) or _MEANINGS[code])
    responses["default"] = _problem("Any other error.")


def _problem(description: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": reference}}}

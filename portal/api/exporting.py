"""Lists as files, for programs: the pages' own exports, asked for by token."""

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from flask import Response

from portal.access import access_of, requires
from portal.api.blueprint import ApiBlueprint
from portal.idempotency.answers import without_key

FILES = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def declare_export(
    blueprint: ApiBlueprint,
    rule: str,
    endpoint: str,
    page: Callable[..., Any],
    *,
    query: type[ma.Schema] | None = None,
) -> None:
    """Declare `rule`/export.csv and .xlsx: what `page`, the view of a page's export, gives.

    Its permission is the page's, and `query` the schema of the list's filter. It takes no key:
    asked for again it is made, and noted in the audit trail, again.
    """
    access = access_of(page)
    if access is None or access.permission is None:
        raise TypeError(f"{page.__name__} declares no permission")

    def give(**given: Any) -> Response:
        given.pop("query", None)
        found: Response = page(**given)
        return found

    give.__doc__ = page.__doc__
    view = without_key(requires(access.permission)(give))
    rule = f"{rule}/export.<any(csv,xlsx):kind>"
    blueprint.call("POST", rule, media=FILES, query=query, endpoint=endpoint)(view)

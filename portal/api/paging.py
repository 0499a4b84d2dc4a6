"""Lists in pages: `?limit=&after=`, answered with `next` and a Link header."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import request
from marshmallow import fields, validate

from portal.api.fields import Output, list_of
from portal.pagination import PAGE_SIZE, Page

LARGEST_PAGE = 100


class PageQuery(ma.Schema):
    """Which page is asked for."""

    class Meta:
        """Marshmallow's settings."""

        unknown = ma.EXCLUDE

    limit = fields.Integer(
        load_default=PAGE_SIZE,
        validate=validate.Range(1, LARGEST_PAGE),
        metadata={"description": "How many at most."},
    )
    after = fields.String(
        load_default="",
        validate=validate.Length(max=600),
        metadata={"description": "The `next` of the page before."},
    )


@cache
def page_schema(item: type[ma.Schema]) -> type[ma.Schema]:
    """Return the schema of a page of `item`."""
    return type(
        f"{item.__name__}Page",
        (Output,),
        {
            "__module__": item.__module__,
            "items": list_of(item),
            "next": fields.String(
                allow_none=True, metadata={"description": "Where the next page begins."}
            ),
        },
    )


def paged(page: Page[Any], shown: Callable[[Any], Any] | None = None) -> tuple[Any, int, Any]:
    """Return the answer for a page; `shown` turns a row into what the item's schema serialises."""
    return paged_items(
        [shown(item) for item in page.items] if shown else page.items, page.next_cursor
    )


def paged_items(items: Sequence[Any], cursor: str | None) -> tuple[Any, int, dict[str, str]]:
    """Return the answer for items and the cursor after them."""
    headers = {}
    if cursor is not None:
        query = [(key, value) for key, value in request.args.items(multi=True) if key != "after"]
        address = f"{request.path}?{urlencode([*query, ('after', cursor)])}"
        headers["Link"] = f'<{address}>; rel="next"'
    return {"items": items, "next": cursor}, 200, headers

"""The blueprint of a feature's or a plugin's JSON routes: described where they are written."""

import re
from collections.abc import Callable, Mapping, Set
from functools import wraps
from inspect import Parameter, signature
from typing import Any, TypeVar

import marshmallow as ma
from flask import Response, current_app, g
from flask_smorest import Blueprint

from portal.api.fields import Input
from portal.api.paging import PageQuery
from portal.api.parsing import Parser
from portal.extensions import csrf

View = TypeVar("View", bound=Callable[..., Any])
_ARGUMENT = re.compile(r"<(?:[^<>]*:)?(\w+)>")


class ApiBlueprint(Blueprint):
    """Routes that are asked by bearer token, take and give JSON, and stand in the document.

    Each view is declared by `@blueprint.call(method, rule, answer)`, then, below it, its access
    (portal.access) as for any view.
    """

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, import_name: str, *, title: str = "", **options: Any) -> None:
        super().__init__(name, import_name, **options)
        self.title = title or name
        csrf.exempt(self)

    def call(
        self,
        method: str,
        rule: str,
        answer: type[ma.Schema] | Mapping[str, Any] | None = None,
        *,
        status: int | None = None,
        body: type[Input] | None = None,
        query: type[ma.Schema] | None = None,
        form: type[Input] | None = None,
        files: type[Input] | None = None,
        paged: bool = False,
        errors: Mapping[int, str] | None = None,
        media: str | tuple[str, ...] = (),
        endpoint: str | None = None,
    ) -> Callable[[View], View]:
        """Declare a view: what it takes and answers, and which errors of its own it may tell.

        `body` is JSON, `form` and `files` multipart; each is given to the view by its name.
        `answer` is what it returns, serialised, or the shape of the Response that it returns;
        without one the view answers 204. `paged` gives `limit` and `after` to the first `page_of`.
        `errors`: {status: what it means here}. `media`: the types of an answer that is no JSON.
        `endpoint`: the call's name, without one the view's.
        """
        kinds = (media,) if isinstance(media, str) else media
        code = status or (200 if answer is not None or media else 204)

        def declare(view: View) -> View:
            given = {
                name: (schema, location)
                for name, schema, location in (
                    ("body", body, "json"),
                    ("query", query, "query"),
                    ("form", form, "form"),
                    ("files", files, "files"),
                )
                if schema is not None
            }
            _check_arguments(view, f"{self.url_prefix or ''}{rule}", given.keys())
            declared: Any = _plain(view) if answer is None and not kinds else view
            for name, (schema, location) in given.items():
                declared = self._given(name, schema, location)(declared)
            if paged:
                declared = self.arguments(PageQuery, location="query", as_kwargs=True)(
                    _paging(declared)
                )
            shape: Any = {"type": "string", "format": "binary"} if kinds else answer
            for kind in kinds or (None,):
                declared = self.response(code, shape, content_type=kind)(declared)
            declared = self.doc(**{"x-errors": dict(errors or {}), "x-paged": paged})(declared)
            self.route(rule, methods=[method], endpoint=endpoint)(declared)
            return declared

        return declare

    def _given(
        self, name: str, schema: type[ma.Schema], location: str
    ) -> Callable[[Callable[..., Any]], Any]:
        multipart = "multipart/form-data" if location in ("form", "files") else None

        def give(view: Callable[..., Any]) -> Any:
            @wraps(view)
            def named(*values: Any, **known: Any) -> Any:
                *rest, found = values
                return view(*rest, **{name: found}, **known)

            return self.arguments(schema, location=location, content_type=multipart)(named)

        return give


def _check_arguments(view: Callable[..., Any], rule: str, given: Set[str]) -> None:
    """Raise TypeError for a view that takes something else than it will be given."""
    found = signature(view).parameters.values()
    if any(each.kind is Parameter.VAR_KEYWORD for each in found):
        return
    taken = {each.name for each in found}
    needed = {each.name for each in found if each.default is Parameter.empty}
    address = set(_ARGUMENT.findall(rule))
    if given - taken:
        raise TypeError(f"{view.__name__} is given {', '.join(sorted(given - taken))}: take it")
    if needed - given - address:
        unknown = ", ".join(sorted(needed - given - address))
        raise TypeError(f"{view.__name__} takes {unknown}, which it is never given")


def _plain(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer 204 with nothing in it."""

    @wraps(view)
    def answered(*values: Any, **known: Any) -> Response:
        given = view(*values, **known)
        if isinstance(given, Response):
            return given
        response = current_app.response_class(status=204)
        del response.headers["Content-Type"]
        return response

    return answered


def _paging(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let `page_of` use the size and the place that the request asks for."""

    @wraps(view)
    def paged(*values: Any, limit: int, after: str, **known: Any) -> Any:
        g.page_size, g.page_cursor = limit, after
        return view(*values, **known)

    return paged

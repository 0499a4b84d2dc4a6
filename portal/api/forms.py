"""The pages' forms over a JSON body: the same rules, the same sentences."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from portal.api.problems import Problem
from portal.forms import Form, errors_of
from portal.i18n import LANGUAGES

F = TypeVar("F", bound=Form)


def form_over(kind: type[F], values: Mapping[str, Any], **options: Any) -> F:
    """Return the form with `values` in it, not yet validated; null and false are left out."""
    given: MultiDict[str, str] = MultiDict()
    for name, value in values.items():
        for each in value if isinstance(value, list | tuple | set) else [value]:
            if each is not None and each is not False:
                given.add(name, "y" if each is True else str(each))
    return kind(formdata=given, meta={"csrf": False}, **options)


def form_of_body(
    kind: type[F], body: Mapping[str, Any], prepare: Callable[[F], object] | None = None
) -> F:
    """Return a page's form with a JSON body in it, in order. Raises the 422 that names its fields.

    A text in several languages is an object in the body, a field for each language in the form.
    `prepare` is called with the form before it is checked: to fill in the choices of its fields.
    """
    values: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, Mapping):
            values.update({f"{name}_{language}": text for language, text in value.items()})
        else:
            values[name] = value
    form = form_over(kind, values)
    if prepare is not None:
        prepare(form)
    return checked(form)


def checked(form: F, names: Mapping[str, str] | None = None) -> F:
    """Return a form that is in order. Raises the 422 that names its fields.

    `names`: what the body calls fields that have another name in the form.
    """
    if not form.validate():
        raise Problem(422, errors=form_errors(form, names))
    return form


def form_errors(form: Form, names: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """Return the form's sentences by field, as the body names it."""
    known = names or {}
    found = {
        known.get(field.name, _nested(field.name)): errors_of(field)
        for field in form
        if field.errors
    }
    if form.form_errors:
        found["body"] = [str(error) for error in form.form_errors]
    return found


def _nested(name: str) -> str:
    """Return the body's name of a field: that of a text in one language stands under the text's."""
    for language in LANGUAGES:
        if name.endswith(f"_{language}"):
            return f"{name.removesuffix(f'_{language}')}.{language}"
    return name

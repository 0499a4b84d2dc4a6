"""Sentences of plugins, looked up in the catalogue of the plugin whose module says them."""

import sys
from typing import Any

from flask_babel import LazyString

from portal.i18n_domain import domain_of_module


def gettext(string: str, /, **variables: Any) -> str:
    """Return an English sentence in the reader's language, `%(name)s` filled in."""
    return str(domain_of_module(_caller()).gettext(string, **variables))


def ngettext(singular: str, plural: str, num: int, /, **variables: Any) -> str:
    """Return the form of a sentence that a number asks for; `%(num)s` is filled in."""
    return str(domain_of_module(_caller()).ngettext(singular, plural, num, **variables))


def lazy(string: str, /, **variables: Any) -> LazyString:
    """Return a sentence that is looked up when it is shown: for what is said at import."""
    return LazyString(_later, _caller(), string, **variables)


def _later(module: str, string: str, /, **variables: Any) -> str:
    return str(domain_of_module(module).gettext(string, **variables))


def _caller() -> str:
    """Return the name of the module that called the function above."""
    return str(sys._getframe(2).f_globals.get("__name__", ""))

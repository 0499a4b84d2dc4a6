"""In a plugin's templates `_("…")` is the plugin's own word, in core's templates core's.

A page of a plugin is put together from both: it extends core's layout and calls core's macros. So
the name is chosen where the template is compiled, by the folder that it lies in.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Flask
from jinja2 import pass_context
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context
from markupsafe import Markup

from portal.i18n_domain import PortalDomain

_PLUGINS = "portal_plugins"


class OwnWords(Extension):
    """Let `_`, `gettext` and `ngettext` of a plugin's template ask the plugin's catalogue first."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Rename the functions in the templates of plugins; those of core stay as they are."""
        plugin = (stream.name or "").partition("/")[0]
        if plugin not in getattr(self.environment, _PLUGINS, ()):
            return stream
        return self._renamed(stream, plugin)

    def _renamed(self, stream: TokenStream, plugin: str) -> Iterator[Token]:
        names = {name: _own(name, plugin) for name in _FUNCTIONS}
        before = ""
        for token in stream:
            is_name = token.type == "name" and before != "dot"
            before = token.type
            if is_name and token.value in names:
                yield Token(token.lineno, "name", names[token.value])
            else:
                yield token


def configure_templates(app: Flask, plugins: Iterable[str]) -> None:
    """Give the templates of each plugin their own `_`, before any of them is compiled."""
    names = frozenset(plugins)
    app.jinja_env.extend(**{_PLUGINS: names})
    app.jinja_env.add_extension(OwnWords)
    for plugin in names:
        domain = PortalDomain(plugin)
        for name, make in _FUNCTIONS.items():
            app.jinja_env.globals[_own(name, plugin)] = make(domain)


def _own(name: str, plugin: str) -> str:
    return f"_own_{name.strip('_')}_of_{plugin}"


def _gettext(domain: PortalDomain) -> Callable[..., str]:
    @pass_context
    def gettext(context: Context, string: str, /, **variables: Any) -> str:
        return _filled(context, domain.get_translations().ugettext(string), variables)

    return gettext


def _ngettext(domain: PortalDomain) -> Callable[..., str]:
    @pass_context
    def ngettext(
        context: Context, singular: str, plural: str, num: int, /, **variables: Any
    ) -> str:
        text = domain.get_translations().ungettext(singular, plural, num)
        return _filled(context, text, {"num": num, **variables})

    return ngettext


def _filled(context: Context, text: str, variables: dict[str, Any]) -> str:
    """Fill a sentence in as Jinja's own functions do: always, and escaped."""
    return (Markup(text) if context.eval_ctx.autoescape else text) % variables  # noqa: S704 (ours)


_FUNCTIONS = {"_": _gettext, "gettext": _gettext, "ngettext": _ngettext}

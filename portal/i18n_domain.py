"""Where sentences are looked up: core's in core's catalogue, a plugin's in its own first.

Flask-Babel merges whole folders, the last one winning, and keeps the result for the process. Here
it is kept for each application. A plugin's catalogue says nothing about a sentence of core's or of
another plugin's, in English neither, where core has no catalogue at all; and what a plugin says
itself means what its own catalogue says, whoever else uses the same short word for something else.
"""

from collections import ChainMap
from collections.abc import Iterable, Mapping

from babel.support import Translations
from flask import Flask, current_app, g
from flask_babel import Domain, get_babel, get_domain, get_locale

from portal.extensions import babel
from portal.i18n import LANGUAGES

Catalogues = Mapping[str, Translations]
"""By language."""
_KEPT = "portal.translations"
_PLUGINS = "portal.plugin_catalogues"
_DOMAINS = "portal.plugin_domains"


class PortalDomain(Domain):
    """Flask-Babel's look-up, over what `translations_of` merges for core or for a plugin."""

    def __init__(self, plugin: str = "") -> None:
        super().__init__()
        self.plugin = plugin

    def get_translations(self) -> Translations:
        """Return the reader's translations; outside of a context those of nobody."""
        if not g:
            return super().get_translations()
        asked = (self.plugin, str(get_locale()))
        kept: dict[tuple[str, str], Translations] = current_app.extensions.setdefault(_KEPT, {})
        if asked not in kept:
            kept[asked] = translations_of(asked[1], asked[0])
        return kept[asked]


def configure_domain(
    app: Flask, catalogues: Mapping[str, Catalogues], packages: Mapping[str, str]
) -> None:
    """Look sentences up in core's catalogues and in those of the plugins, by name.

    `packages`: which plugin the modules of a package are, {package: plugin}.
    """
    app.extensions[_PLUGINS] = catalogues
    app.extensions[_DOMAINS] = {
        package: PortalDomain(plugin) for package, plugin in packages.items()
    }
    babel.domain_instance = PortalDomain()


def domain_of_module(module: str) -> Domain:
    """Return where the sentences of a module are looked up: its plugin's, or core's."""
    domains: Mapping[str, Domain] = current_app.extensions.get(_DOMAINS, {}) if g else {}
    while module:
        if module in domains:
            return domains[module]
        module = module.rpartition(".")[0]
    return get_domain()


def translations_of(language: str, plugin: str = "") -> Translations:
    """Return core's and the plugins' translations for a language.

    A sentence that several have is `plugin`'s before core's, and core's before the others'.
    """
    catalogues: Mapping[str, Catalogues] = current_app.extensions[_PLUGINS]
    merged = _merged(language, catalogues.values())
    own = catalogues.get(plugin, {}).get(language)
    if own is not None:
        # Asked like a dictionary, and not a second copy of all sentences for each plugin.
        merged._catalog = ChainMap(own._catalog, merged._catalog)  # type: ignore[assignment]
    return merged


def _merged(language: str, plugins: Iterable[Catalogues]) -> Translations:
    ours = set()
    for each in LANGUAGES:
        ours |= {msgid_of(key) for key in _core(each)._catalog}
    merged = Translations()
    for catalogues in plugins:
        if language in catalogues:
            for key, text in catalogues[language]._catalog.items():
                if msgid_of(key) not in ours:
                    merged._catalog.setdefault(key, text)
            # How plurals count: the same for all catalogues of a language.
            merged.plural = catalogues[language].plural
    core = _core(language)
    merged.merge(core)
    if hasattr(core, "plural"):
        merged.plural = core.plural
    return merged


def msgid_of(key: str | tuple[str, int]) -> str:
    """Return the sentence of a catalogue's key, which may be one form of a plural."""
    return key if isinstance(key, str) else key[0]


def _core(language: str) -> Translations:
    (folder,) = get_babel().translation_directories
    found = Translations.load(folder, [language])
    return found if isinstance(found, Translations) else Translations()

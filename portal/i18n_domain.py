"""Where sentences are looked up: core's catalogue, and below it those of the plugins.

Flask-Babel merges whole folders, the last one winning, and keeps the result for the process. Here
it is kept for each application, and a plugin's catalogue says nothing about a sentence of core's,
in English neither, where core has no catalogue at all.
"""

from collections.abc import Iterable, Mapping

from babel.support import Translations
from flask import Flask, current_app, g
from flask_babel import Domain, get_babel, get_locale

from portal.extensions import babel
from portal.i18n import LANGUAGES

_KEPT = "portal.translations"
_PLUGINS = "portal.plugin_catalogues"
_CONTEXT = "\x04"


class PortalDomain(Domain):
    """Flask-Babel's look-up, over what `translations_of` merges."""

    def get_translations(self) -> Translations:
        """Return the reader's translations; outside of a context those of nobody."""
        if not g:
            return super().get_translations()
        language = str(get_locale())
        kept: dict[str, Translations] = current_app.extensions.setdefault(_KEPT, {})
        if language not in kept:
            kept[language] = translations_of(language)
        return kept[language]


def configure_domain(app: Flask, catalogues: Iterable[Mapping[str, Translations]]) -> None:
    """Look sentences up in core's catalogues and in those of the plugins, {language: texts}."""
    app.extensions[_PLUGINS] = list(catalogues)
    babel.domain_instance = PortalDomain()


def translations_of(language: str) -> Translations:
    """Return core's and the plugins' translations for a language; the first plugin wins."""
    ours = set()
    for each in LANGUAGES:
        ours |= {msgid_of(key) for key in _core(each)._catalog}
    merged = Translations()
    for catalogues in current_app.extensions[_PLUGINS]:
        if language in catalogues:
            texts = catalogues[language]._catalog.items()
            for key, text in texts:
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

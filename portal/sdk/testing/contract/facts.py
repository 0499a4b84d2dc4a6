"""What is true of a plugin before anybody asks for it: its facts, templates, texts and tables."""

import re
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from babel.messages.extract import extract_from_dir
from flask_babel import force_locale

from portal.database.revisions import differences
from portal.i18n import LANGUAGES
from portal.i18n_domain import msgid_of, translations_of
from portal.plugin_host.state import host
from portal.sdk.testing.contract.world import World

LINK = re.compile(r"""url_for\(\s*["'](\w+\.\w+)["']""")
METHODS = [("**/tests/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {
    "gettext": None,
    "lazy": None,
    "_": None,
    "ngettext": (1, 2),
}


class Facts:
    """The manifest, the files and the tables."""

    def test_it_is_loaded(self, contract: World) -> None:
        found = host().quarantined.get(contract.name)
        assert found is None, found.reason
        assert contract.name in host().loaded, "it is not installed"

    def test_it_is_called_something_in_every_language(self, contract: World) -> None:
        for texts in (contract.plugin.manifest.title, contract.plugin.manifest.summary):
            assert [language for language in LANGUAGES if not texts.get(language)] == []

    def test_its_endpoints_carry_its_name(self, contract: World) -> None:
        for blueprint in contract.plugin.blueprints:
            assert blueprint.name == contract.name or blueprint.name.startswith(f"{contract.name}_")

    def test_its_templates_carry_its_name_and_compile(self, contract: World) -> None:
        folder = contract.plugin.manifest.folder / "templates"
        for path in templates_of(contract):
            name = path.relative_to(folder).as_posix()
            assert name.startswith(f"{contract.name}/")
            contract.app.jinja_env.get_template(name)

    def test_its_links_lead_somewhere(self, contract: World) -> None:
        endpoints = contract.app.view_functions.keys() | {"static", "plugin_static"}
        lost = [
            f"{path.name}: {endpoint}"
            for path in [*templates_of(contract), *modules_of(contract)]
            for endpoint in LINK.findall(path.read_text("utf-8"))
            if endpoint not in endpoints
        ]
        assert lost == []

    def test_its_texts_are_in_every_language(self, contract: World) -> None:
        lacking = []
        for language in ("zh_Hans_CN", "zh_Hant"):
            with force_locale(language):
                there = {msgid_of(key) for key in translations_of(language, contract.name)._catalog}
            lacking += [f"{language}: {text}" for text in texts_of(contract) if text not in there]
        assert lacking == []

    def test_its_tables_are_those_of_its_revisions(self, contract: World) -> None:
        assert differences(contract.name) == []

    def test_its_rows_say_of_which_project_they_are(self, contract: World) -> None:
        """By a column of their own, or by a row that they belong to; and it is found quickly."""
        own = {table.name for table in contract.tables}
        lost = []
        for table in contract.tables:
            if "project_id" in table.c:
                if not _leads(table, "project_id"):
                    lost.append(f"{table.name}.project_id has no index")
            elif not own & {key.column.table.name for key in table.foreign_keys}:
                lost.append(f"{table.name} has no project_id")
        assert lost == []


def templates_of(contract: World) -> list[Path]:
    """Return the plugin's templates of pages."""
    return sorted((contract.plugin.manifest.folder / "templates").rglob("*.html"))


def modules_of(contract: World) -> list[Path]:
    """Return the plugin's modules."""
    return sorted(contract.plugin.manifest.folder.rglob("*.py"))


def texts_of(contract: World) -> Iterator[str]:
    """Yield every sentence for people in the plugin's source."""
    for _file, _line, message, _comments, _context in extract_from_dir(
        str(contract.plugin.manifest.folder), METHODS, keywords=KEYWORDS
    ):
        yield message if isinstance(message, str) else message[0]


def _leads(table: sa.Table, column: str) -> bool:
    """Tell whether an index or a key of the table begins with the column."""
    unique = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    keys: list[sa.Index | sa.UniqueConstraint] = [*table.indexes, *unique]
    heads = [next(iter(each.columns), None) for each in [*keys, table.primary_key]]
    return any(head is not None and head.name == column for head in heads)

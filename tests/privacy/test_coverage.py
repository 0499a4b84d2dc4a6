"""Every table of core that leads to a person is exported and erased, or says why not.

Of a plugin's tables its hooks speak: `portal.plugin_host.everyone` sees that they are there.
"""

from flask import Flask

from portal import features
from portal.extensions import db
from portal.personal_data import Coverage

PEOPLE = {"account", "member", "household", "person"}


def covered() -> dict[str, Coverage]:
    """Return what the features say of their tables; two that speak of one table disagree."""
    found: dict[str, Coverage] = {}
    for module in features.PRIVACY:
        # Some tell only how long they keep what names nobody.
        tables = getattr(module, "TABLES", {})
        assert not found.keys() & tables.keys(), module.__name__
        found |= tables
    return found


def leading_to_people(app: Flask) -> set[str]:
    """Return core's tables with a foreign key to people, or to a table that has one."""
    loaded = app.extensions["portal.plugins"].loaded.values()
    of_plugins = tuple(plugin.manifest.table_prefix for plugin in loaded)
    tables = [
        table for table in db.metadata.tables.values() if not table.name.startswith(of_plugins)
    ]
    found = set(PEOPLE)
    while True:
        more = {
            table.name
            for table in tables
            if {key.column.table.name for key in table.foreign_keys} & found
        } - found
        if not more:
            return found
        found |= more


def test_every_table_that_leads_to_a_person_is_spoken_for(migrated_app):
    assert leading_to_people(migrated_app) - covered().keys() == set()


def test_nothing_is_spoken_for_that_is_not_there(migrated_app):
    assert covered().keys() - db.metadata.tables.keys() == set()


def test_reasons_are_sentences_not_excuses(migrated_app):
    assert [name for name, each in covered().items() if each.why and len(each.why) < 15] == []

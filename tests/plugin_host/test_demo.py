"""The demo fills the plugins that are installed: the same for a seed, and never at their mercy."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.audit.models import AuditEntry
from portal.demo import loader
from portal.demo.plugins import PLACES
from portal.extensions import db
from portal.plugin_host.models import PluginFault, PluginState
from portal.projects.models import Project


def entries() -> list[tuple[str, str, Any]]:
    rows = db.session.execute(
        sa.select(Project.slug, AuditEntry.subject_key, AuditEntry.facts)
        .join(Project, Project.id == AuditEntry.project_id)
        .where(AuditEntry.action == "notes.signed")
        .order_by(Project.slug)
    )
    return [tuple(row) for row in rows]


def switched_on() -> set[tuple[str, str]]:
    rows = db.session.execute(
        sa.select(PluginState.plugin, Project.slug)
        .join(Project, Project.id == PluginState.project_id)
        .where(PluginState.enabled)
    )
    return {(plugin, slug) for plugin, slug in rows}


def test_plugins_are_on_and_filled_the_same_for_a_seed(
    host_app: Flask, mood: dict[str, str]
) -> None:
    found = []
    for _ in range(2):
        assert loader.load(members=0, seed=7) == []
        found.append(entries())
        assert switched_on() == {(name, slug) for name in ("notes", "hostile") for slug in PLACES}
        db.session.rollback()
    assert found[0] == found[1]
    assert [slug for slug, _, _ in found[0]] == sorted(PLACES)
    facts = found[0][0][2]
    assert facts["owner"] == "林晓芸"
    assert len(facts["residents"]) == 3
    assert facts["at"].endswith("09:00:00+08:00")


@pytest.mark.parametrize("wrong", ["raises", "exits", "commits"])
def test_a_plugin_that_fails_stays_off_and_spoils_nothing(
    host_app: Flask, mood: dict[str, str], wrong: str
) -> None:
    moods: dict[str, Any] = mood
    moods["demo_data"] = db.session.commit if wrong == "commits" else wrong
    told = loader.load(members=0, seed=7)
    db.session.commit()
    assert [each.split(":")[0] for each in told] == [
        f"hostile has no demo in {slug}" for slug in PLACES
    ]
    assert switched_on() == {("notes", slug) for slug in PLACES}
    assert len(entries()) == 2


def test_in_tests_its_exception_goes_on(host_app: Flask, mood: dict[str, str]) -> None:
    host_app.config["PLUGIN_FAULTS_ARE_KEPT"] = False
    mood["demo_data"] = "raises"
    with pytest.raises(RuntimeError, match="hostile"):
        loader.load(members=0, seed=7)


def test_what_cannot_be_switched_on_is_told(host_app: Flask, mood: dict[str, str]) -> None:
    moods: dict[str, Any] = mood
    moods["check_plugin_enable"] = lambda: ["never"]
    told = loader.load(members=0, seed=7)
    assert len(told) == 2
    assert told[0].startswith("notes has no demo in binjiang: objection")
    assert db.session.scalar(sa.select(PluginFault.id)) is None

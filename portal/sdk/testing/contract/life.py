"""Switching on and off, jobs, purging, the demo, and neighbours that break."""

import random
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import g

from portal.extensions import db
from portal.jobs.models import JobRow, JobState
from portal.jobs.runner import Runner
from portal.jobs.service import enqueue
from portal.plugin_host import purge, service
from portal.plugin_host.hookspecs import RETURNS, hookimpl
from portal.plugin_host.host import Plugin
from portal.plugin_host.manifest import DEFAULT_FORMS, Manifest
from portal.plugin_host.models import PluginState
from portal.plugin_host.state import host
from portal.sdk.testing.contract.world import World
from portal.sdk.testing.switching import switch_on

SIBLING = "brokensibling"


class Broken:
    """A plugin of which every part of a page fails."""

    @hookimpl
    def member_home(self) -> None:
        raise RuntimeError("broken on purpose")

    @hookimpl
    def member_tabs(self) -> None:
        raise RuntimeError("broken on purpose")

    @hookimpl
    def nav_items(self) -> None:
        raise SystemExit("broken on purpose")

    @hookimpl
    def staff_widgets(self) -> list[str]:
        return ["nothing that can be shown"]


class Life:
    """What happens to a plugin, and around it."""

    def test_on_off_on_keeps_its_data(self, contract: World) -> None:
        before = contract.counts()
        for act in (service.disable, service.enable):
            act(actor=None, plugin=contract.name, project=contract.own)
            db.session.commit()
            g.pop("plugins_enabled", None)
            assert contract.counts() == before

    def test_a_broken_sibling_does_not_matter(
        self, contract: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = contract.client(contract.person)
        pages = ("/p/own/", "/p/own/staff/")
        before = {page: _own_links(contract, client.get(page).text) for page in pages}
        monkeypatch.setitem(contract.app.config, "PLUGIN_FAULTS_ARE_KEPT", value=True)
        monkeypatch.setitem(host().loaded, SIBLING, _sibling(contract))
        host().manager.register(Broken(), SIBLING)
        try:
            switch_on(SIBLING, contract.own)
            for page in pages:
                answer = client.get(page)
                assert answer.status_code == 200
                assert _own_links(contract, answer.text) == before[page]
        finally:
            host().manager.unregister(name=SIBLING)
            db.session.execute(sa.delete(PluginState).where(PluginState.plugin == SIBLING))
            db.session.commit()

    def test_its_jobs_skip_projects_where_it_is_off(self, contract: World) -> None:
        contract.switch(own=False)
        kinds = [job.kind for job in contract.plugin.jobs]
        for job in contract.plugin.jobs:
            enqueue(kind=job.kind, project_id=contract.own.id)
        db.session.commit()
        if kinds:
            Runner(contract.app, kinds=tuple(kinds)).run_once()
        states = sa.select(JobRow.kind, JobRow.state).where(JobRow.kind.in_(kinds))
        wrong = {kind for kind, state in db.session.execute(states) if state != JobState.SKIPPED}
        db.session.execute(sa.delete(JobRow).where(JobRow.kind.in_(kinds)))
        db.session.commit()
        assert wrong == set()

    def test_a_purge_leaves_nothing_of_the_project(self, contract: World) -> None:
        contract.switch(own=False)
        purge.purge(actor=None, plugin=contract.name, project=contract.own)
        left = [
            table.name
            for table in contract.tables
            if "project_id" in table.c
            and db.session.scalar(
                sa.select(sa.func.count())
                .select_from(table)
                .where(table.c.project_id == contract.own.id)
            )
        ]
        assert left == []

    def test_its_demo_is_the_same_each_time(self, contract: World) -> None:
        if contract.hook("demo_data") is None:
            return
        contract.switch(other=True)
        demo, made = contract.cast(contract.other), []
        for _ in range(2):
            contract.fill(contract.other, replace(demo, rng=random.Random(1)))  # noqa: S311 - no secrets
            made.append(contract.counts())
            db.session.rollback()
            g.pop("plugins_enabled", None)
        assert made[0] == made[1]
        assert made[0] != contract.counts() or not contract.tables, "the demo adds nothing"


def _own_links(contract: World, page: str) -> int:
    """Return how often a page links what is the plugin's."""
    slug = contract.plugin.manifest.slug
    return page.count(f"/{slug}/") + page.count(f'/{slug}"')


def _sibling(contract: World) -> Plugin:
    folder = contract.plugin.manifest.folder
    title = dict.fromkeys(("zh_Hans_CN", "zh_Hant", "en"), "Sibling")
    manifest = Manifest(
        name=SIBLING, package="", folder=folder, title=title, summary=title, version="1",
        requires=frozenset(), hooks="hooks", models=None, migrations=None,
        addresses=DEFAULT_FORMS, icon="puzzle",
    )  # fmt: skip
    assert {"member_home", "member_tabs", "nav_items", "staff_widgets"} <= RETURNS.keys()
    return Plugin(manifest)

"""Switching plugins on for a test, without the questions that an administrator is asked."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask, g

from portal import clock
from portal.extensions import db
from portal.plugin_host.models import PluginState
from portal.plugin_host.state import host
from portal.projects.models import Project

Switch = Callable[..., AbstractContextManager[None]]


def switch_on(plugin: str, project: Project, *, on: bool = True) -> PluginState:
    """Switch a plugin on (or off) in a project, and commit."""
    row = db.session.scalar(
        sa.select(PluginState).where(
            PluginState.plugin == plugin, PluginState.project_id == project.id
        )
    )
    row = row or PluginState(plugin=plugin, project_id=project.id)
    row.enabled, row.changed_at = on, clock.now()
    db.session.add(row)
    db.session.commit()
    # A test is one long request: it would remember.
    g.pop("plugins_enabled", None)
    return row


def switch_on_with_needs(plugin: str, project: Project) -> None:
    """Switch a plugin on, after everything that it requires."""
    loaded, quarantined = host().loaded, host().quarantined
    if plugin not in loaded:
        why = quarantined[plugin].reason if plugin in quarantined else "it is not installed"
        raise AssertionError(f"{plugin} is not loaded: {why}")
    for needed in sorted(loaded[plugin].manifest.requires):
        switch_on_with_needs(needed, project)
    switch_on(plugin, project)


@pytest.fixture
def enabled(app: Flask, request: pytest.FixtureRequest) -> Switch:
    """Switch a plugin on, in `project` unless told: `enabled("library")`, for the rest of the test;
    `with enabled("library", other_project): ...` for a block."""

    def switch(plugin: str, where: Project | None = None) -> AbstractContextManager[None]:
        place: Project = where or request.getfixturevalue("project")
        switch_on_with_needs(plugin, place)
        return _until_left(plugin, place)

    return switch


@contextmanager
def _until_left(plugin: str, project: Project) -> Iterator[None]:
    try:
        yield
    finally:
        switch_on(plugin, project, on=False)

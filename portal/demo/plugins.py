"""What plugins add to the demo: those that can are switched on in two of the three projects."""

import random

import sqlalchemy as sa
from flask import g

from portal.clock import business_date
from portal.demo.stage import Stage
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host import dispatch, faults
from portal.plugin_host.refs import Demo, MemberRef, member_ref, project_ref
from portal.plugin_host.service import SwitchError, enable
from portal.plugin_host.settings_service import Change, change
from portal.plugin_host.state import host
from portal.projects.models import Ownership, Project

HOOK = "demo_data"
PLACES = ("binjiang", "siji")
"""The third shows how it looks without."""
MOST_RESIDENTS = 200


def add_plugins(stage: Stage, seed: int) -> list[str]:
    """Switch on and fill each plugin with the hook; return what is wrong with some, as sentences.

    What a plugin that fails did is undone; in tests its exception goes on.
    """
    wrong = []
    for plugin in _in_order():
        for slug in PLACES:
            fault = _add(stage, plugin, stage.projects[slug], seed)
            if fault:
                wrong.append(f"{plugin} has no demo in {slug}: {fault}")
    return wrong


def _in_order() -> list[str]:
    """Return the plugins with the hook, each after those that it requires."""
    waiting = {
        name: set(plugin.manifest.requires)
        for name, plugin in sorted(host().loaded.items())
        if dispatch.implementations(HOOK, name)
    }
    found: list[str] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if not needs & waiting.keys()]
        # Those that require each other can never be on: they are told so one by one.
        found += ready or list(waiting)
        waiting = {name: needs for name, needs in waiting.items() if name not in found}
    return found


def _add(stage: Stage, plugin: str, project: Project, seed: int) -> str | None:
    with db.session.begin_nested() as savepoint:
        try:
            enable(actor=stage.accounts["admin@demo.test"], plugin=plugin, project=project)
        except SwitchError as error:
            savepoint.rollback()
            return " ".join([error.code, *error.names])
        # What was on before is remembered for as long as the command runs.
        g.pop("plugins_enabled", None)
        demo = _demo(stage, plugin, project, seed)
        fault = dispatch.act(HOOK, plugin=plugin, project=project_ref(project), demo=demo)
        if fault is not None:
            savepoint.rollback()
            g.pop("plugins_enabled", None)
            if faults.strict():
                raise RuntimeError(f"{plugin} failed in {HOOK}: its fault is in the log ({fault})")
        else:
            change(
                actor=stage.accounts["admin@demo.test"], plugin=plugin, project=project,
                changes=[Change(key, value, "") for key, value in demo.settings.items()],
            )  # fmt: skip
    return fault


def _demo(stage: Stage, plugin: str, project: Project, seed: int) -> Demo:
    return Demo(
        # Of its own: what another plugin draws, or whether it is there, changes nothing here.
        rng=random.Random(f"{seed}:{plugin}:{project.slug}"),  # noqa: S311 - no secrets
        today=business_date(project.time_zone),
        time_zone=project.time_zone,
        members={key: member_ref(member) for key, member in stage.members.items()},
        staff={email.partition("@")[0]: row for email, row in stage.accounts.items()},
        residents=_residents(project),
    )


def _residents(project: Project) -> list[MemberRef]:
    here = sa.exists().where(
        Ownership.member_id == Member.id,
        Ownership.project_id == project.id,
        Ownership.until.is_(None),
    )
    statement = sa.select(Member).where(here).order_by(Member.card_number).limit(MOST_RESIDENTS)
    return [member_ref(member) for member in db.session.scalars(statement)]

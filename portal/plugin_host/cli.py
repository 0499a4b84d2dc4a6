"""`portal plugin`: see the plugins, switch them on and off, purge and remove them."""

import sys
from collections.abc import Callable
from typing import TypeVar

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from portal.extensions import db
from portal.i18n import DEFAULT_LANGUAGE, localized
from portal.plugin_host import purge, queries, removal, service
from portal.plugin_host.models import PluginBlock
from portal.plugin_host.new_cli import new_command
from portal.plugin_host.settings_cli import settings_command
from portal.plugin_host.state import enabled_in, host
from portal.projects.models import Project

commands = AppGroup("plugin", help="See the plugins and switch them on and off.")
commands.add_command(settings_command)
commands.add_command(new_command)
_Result = TypeVar("_Result")
_SENTENCES = {
    "unknown": "No plugin of that name is installed.",
    "quarantined": "The plugin could not be loaded: {}",
    "blocked": "The plugin is blocked everywhere. Run: portal plugin unblock {name}",
    "migrations": "Its tables are not in the database as it needs them. Run: portal db upgrade",
    "no_revision": "It has tables, but no revision that makes them. "
    'Run: portal db revision --plugin {name} "first tables"',
    "requires": "Switch on first: {}",
    "settings": "Give a value first for: {}. Run: portal plugin settings {name}",
    "needed": "Switch off first: {}",
    "objection": "Refused: {}",
    "on": "The plugin is on in {}. Switch it off there first: "
    "portal plugin disable {name} --project SLUG",
    "no_purge": "The plugin has no hook purge_project_data, so one project's data cannot be told.",
    "failed": "The plugin failed, and nothing was deleted. Reference of the fault: {}",
    "left": "The plugin left rows of the project in {}, so nothing was deleted.",
}


@commands.command("list")
def list_plugins() -> None:
    """List every installed plugin: where it is on, or why it was not loaded."""
    projects = list(db.session.scalars(sa.select(Project).order_by(Project.slug)))
    on = enabled_in([project.id for project in projects])
    blocked = set(db.session.scalars(sa.select(PluginBlock.plugin)))
    for name, plugin in sorted(host().loaded.items()):
        where = [project.slug for project in projects if name in on[project.id]]
        state = "blocked everywhere" if name in blocked else ", ".join(where) or "off"
        title = localized(plugin.manifest.title, DEFAULT_LANGUAGE)
        click.echo(f"{name:<20} {plugin.manifest.version:<10} {state:<30} {title}")
    for name, found in sorted(host().quarantined.items()):
        click.echo(f"{name:<20} {'quarantine':<10} {found.reason}")


@commands.command("enable")
@click.argument("name")
@click.option("--project", "slug", required=True, help="The project's short name.")
def enable(name: str, slug: str) -> None:
    """Switch a plugin on in a project; every worker follows at its next request."""
    _act(name, lambda project: service.enable(actor=None, plugin=name, project=project), slug)
    click.echo(f"{name} is on in {slug}.")


@commands.command("disable")
@click.argument("name")
@click.option("--project", "slug", required=True, help="The project's short name.")
def disable(name: str, slug: str) -> None:
    """Switch a plugin off in a project; its data stays."""
    _act(name, lambda project: service.disable(actor=None, plugin=name, project=project), slug)
    click.echo(f"{name} is off in {slug}. Its data stays.")


@commands.command("block")
@click.argument("name")
@click.option("--reason", required=True, help="Why; kept in the audit trail.")
def block(name: str, reason: str) -> None:
    """Switch a plugin off everywhere at once."""
    _try(name, lambda: service.block(actor=None, plugin=name, reason=reason))
    click.echo(f"{name} is off everywhere.")


@commands.command("unblock")
@click.argument("name")
def unblock(name: str) -> None:
    """Let a blocked plugin be on again where it was."""
    _try(name, lambda: service.unblock(actor=None, plugin=name))
    click.echo(f"{name} is no longer blocked.")


@commands.command("check")
def check() -> None:
    """Exit 1 when an installed plugin could not be loaded, with the reason for each."""
    for name, found in sorted(host().quarantined.items()):
        click.echo(f"{name}: {found.reason}", err=True)
    if host().quarantined:
        sys.exit(1)
    click.echo(f"{len(host().loaded)} plugins loaded, none in quarantine.")


@commands.command("purge")
@click.argument("name")
@click.option("--project", "slug", required=True, help="The project's short name.")
@click.option("--yes", "typed", metavar="SLUG", help="The short name again, instead of the prompt.")
def purge_data(name: str, slug: str, typed: str | None) -> None:
    """Delete for good what a plugin keeps about a project in which it is off."""
    project = _project(slug)
    rows = _try(name, lambda: purge.look(name, project))
    click.echo(f"These rows of {slug} are deleted for good, and its links end:")
    click.echo("\n".join(f"  {count:>9,}  {table}" for table, count in rows.items()) or "  none")
    if typed is None:
        typed = click.prompt(f"Type {slug} to delete them")
    if typed != slug:
        raise click.ClickException("The names differ. Nothing was deleted.")
    deleted = _try(name, lambda: purge.purge(actor=None, plugin=name, project=project))
    click.echo(f"{name} is purged from {slug}: {sum(deleted.values()):,} rows deleted.")


@commands.command("faults")
@click.argument("name")
@click.option("--trace", is_flag=True, help="With the trace of each.")
def faults(name: str, *, trace: bool) -> None:
    """Tell what went wrong in a plugin: hook, project, how often, when, and its reference."""
    found = queries.faults_of(name)
    projects = queries.projects_of(found)
    for fault in found:
        project = projects.get(fault.project_key)
        click.echo(
            f"{fault.hook:<24} {project.slug if project else 'whole club':<16} {fault.times:>6} x "
            f"{fault.last_at:%Y-%m-%d %H:%M} UTC  {fault.reference}  {fault.kind}"
        )
        if trace:
            click.echo(fault.traceback)
    if not found:
        click.echo(f"Nothing went wrong in {name}.")


@commands.command("remove")
@click.argument("name")
@click.option("--yes", "typed", metavar="NAME", help="The name once more, instead of the prompt.")
def remove(name: str, typed: str | None) -> None:
    """Drop the tables of a plugin that is to be uninstalled, or was; its data is gone for good."""
    leaving = _try(name, lambda: removal.look(name))
    click.echo("These tables are dropped with all that is in them:")
    click.echo("\n".join(f"  {n:>9,}  {table}" for table, n in leaving.rows.items()) or "  none")
    if typed is None:
        typed = click.prompt(f"Type {name} to remove it")
    if typed != name:
        raise click.ClickException("The names differ. Nothing was removed.")
    _try(name, lambda: removal.remove(actor=None, plugin=name))
    click.echo(f"{name} is removed: {len(leaving.tables)} tables dropped.")
    if leaving.package:
        click.echo(
            "Uninstall its package now; as long as it is installed, "
            "portal db upgrade makes its tables again."
        )


def _act(name: str, act: Callable[[Project], None], slug: str) -> None:
    project = _project(slug)
    _try(name, lambda: act(project))


def _project(slug: str) -> Project:
    project = db.session.scalar(sa.select(Project).where(Project.slug == slug))
    if project is None:
        raise click.ClickException(f"There is no project {slug!r}.")
    return project


def _try(name: str, act: Callable[[], _Result]) -> _Result:
    try:
        result = act()
    except service.SwitchError as error:
        sentence = _SENTENCES[error.code].format(", ".join(error.names), name=name)
        raise click.ClickException(sentence) from error
    db.session.commit()
    return result

"""`portal keys`: the keys under which personal numbers and secrets lie in the database."""

import itertools

import click
from flask import current_app
from flask.cli import AppGroup

from portal.config import SettingsError, add_kept_key, with_kept_keys
from portal.crypto import key_in_use
from portal.extensions import reading
from portal.operations import data_keys

commands = AppGroup("keys", help="Look after the keys of what is encrypted.")


@commands.command("status")
def status() -> None:
    """Show how many values are under which key; exit 1 when some are under an older one."""
    with reading():
        found = data_keys.standing()
    for name, version, values in found:
        click.echo(f"{name:<32} key {version:>3}  {values:>12,}")
    in_use, _key = key_in_use()
    older = sum(values for _name, version, values in found if version != in_use)
    click.echo(f"Key {in_use} is in use; {older:,} values are under another.")
    if older:
        raise SystemExit(1)


@commands.command("add")
def add() -> None:
    """Add a new key to keys.json. Back the file up before you go on."""
    settings = current_app.extensions["portal.settings"]
    try:
        version = add_kept_key(settings)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    current_app.extensions["portal.settings"] = with_kept_keys(settings)
    click.echo(f"Key {version} is in keys.json. Back it up, restart the portal, then run:")
    click.echo("  portal keys rotate")


@commands.command("rotate")
def rotate() -> None:
    """Encrypt under the key in use whatever is under another, while the portal serves."""
    total = 0
    for name, batches in itertools.groupby(data_keys.rotate(), key=lambda done: done[0]):
        replaced = sum(values for _name, values in batches)
        click.echo(f"{name:<32} {replaced:>12,}")
        total += replaced
    click.echo(f"{total:,} values are under key {key_in_use()[0]} now.")

"""The `portal` command."""

import click
from flask.cli import FlaskGroup

from portal import __version__
from portal.app import create_app
from portal.config import SettingsError
from portal.database.cli import commands as db_commands


def _create() -> object:
    try:
        return create_app()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@click.group(
    cls=FlaskGroup, create_app=_create, add_default_commands=False, add_version_option=False
)
@click.version_option(__version__, prog_name="portal")
def main() -> None:
    """Run and look after an owners' club portal."""


main.add_command(db_commands)

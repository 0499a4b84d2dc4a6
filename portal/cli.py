"""The `portal` command."""

import click
from flask.cli import FlaskGroup

from portal import __version__
from portal.app import create_app
from portal.config import SettingsError
from portal.database.cli import commands as db_commands
from portal.demo.cli import commands as demo_commands
from portal.operations.run import run

# In the order in which an installation meets them; a feature adds its own group here.
COMMANDS: tuple[click.Command, ...] = (run, db_commands, demo_commands)


def _create() -> object:
    try:
        return create_app()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@click.group(
    cls=FlaskGroup,
    create_app=_create,
    add_default_commands=False,
    add_version_option=False,
    load_dotenv=False,
    # Settings decide about debugging, not FLASK_DEBUG.
    set_debug_flag=False,
)
@click.version_option(__version__, prog_name="portal")
def main() -> None:
    """Run and look after an owners' club portal."""


for command in COMMANDS:
    main.add_command(command)

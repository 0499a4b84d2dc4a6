"""The `portal` command."""

from typing import Any

import click
import sqlalchemy as sa
from flask.cli import FlaskGroup

from portal import __version__
from portal.app import create_app
from portal.audit.cli import commands as audit_commands
from portal.club_file.cli import commands as club_commands
from portal.config import SettingsError
from portal.contracts.cli import commands as import_commands
from portal.database.cli import commands as db_commands
from portal.demo.cli import commands as demo_commands
from portal.earning.cli import commands as earning_commands
from portal.files.cli import commands as files_commands
from portal.operations.account_cli import commands as account_commands
from portal.operations.backup.cli import backup, restore
from portal.operations.data_keys_cli import commands as key_commands
from portal.operations.doctor import doctor
from portal.operations.job_cli import commands as job_commands
from portal.operations.run import run
from portal.plugin_host.cli import commands as plugin_commands
from portal.points.cli import commands as points_commands
from portal.privacy.cli import commands as privacy_commands
from portal.search.cli import commands as search_commands
from portal.tiers.cli import commands as tier_commands
from portal.tokens.cli import commands as token_commands
from portal.webhooks.cli import commands as webhook_commands

# In the order in which an installation meets them; a feature adds its own group here.
COMMANDS: tuple[click.Command, ...] = (
    run,
    db_commands,
    demo_commands,
    job_commands,
    import_commands,
    points_commands,
    earning_commands,
    club_commands,
    tier_commands,
    plugin_commands,
    account_commands,
    token_commands,
    webhook_commands,
    files_commands,
    search_commands,
    audit_commands,
    privacy_commands,
    key_commands,
    backup,
    restore,
    doctor,
)
FLASK_OPTIONS = frozenset({"env_file", "app", "debug"})


def _create() -> object:
    try:
        return create_app()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


BROKEN_FILE = ("database disk image is malformed", "file is not a database")
NO_TABLE = ("no such table", "no such column", "UndefinedTable", "UndefinedColumn")


class PortalGroup(FlaskGroup):
    """Our commands in our order; those that libraries would add stay out of the help."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; where the tables are not as it needs them, or the file is broken, say what
        to do.
        """
        try:
            return super().invoke(ctx)
        except sa.exc.DBAPIError as error:
            if any(sign in str(error) for sign in BROKEN_FILE):
                raise click.ClickException(
                    "The database's file is damaged. Put back a copy, or save what can be read: "
                    "sqlite3 portal.sqlite3 .recover | sqlite3 saved.sqlite3"
                ) from error
            if not any(sign in str(error) for sign in NO_TABLE):
                raise
            raise click.ClickException(
                "The database does not have the tables of this version. Run: portal db upgrade"
            ) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names that the help shows."""
        return [command.name or "" for command in COMMANDS]

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Leave out Flask's own options: settings come from PORTAL_ variables alone."""
        return [each for each in super().get_params(ctx) if each.name not in FLASK_OPTIONS]


@click.group(
    cls=PortalGroup,
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

"""`portal doctor`: examine the installation and say what to do."""

import sys

import click
from flask.cli import ScriptInfo

from portal.config import Settings
from portal.extensions import read_only
from portal.operations.checks import examine
from portal.operations.findings import Finding, State

COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}
SUBJECT_WIDTH = 17


@click.command("doctor")
@click.pass_obj
def doctor(info: ScriptInfo) -> None:
    """Examine settings, keys, database, files and modes; exit 1 when something is broken."""
    try:
        app = info.load_app()
    except click.ClickException as error:
        say(Finding(State.FAIL, "settings", error.message, "docs/operate.md lists them all."))
        sys.exit(1)
    settings: Settings = app.extensions["portal.settings"]
    say(Finding(State.OK, "settings", f"accepted; home is {settings.home}"))
    # Looking must not take the write lock of a database that is serving.
    token = read_only.set(True)
    try:
        with app.app_context():
            findings = [say(finding) for finding in examine(settings)]
    finally:
        read_only.reset(token)
    failed, warned = findings.count(State.FAIL), findings.count(State.WARN)
    click.echo(f"{failed} failed, {warned} to look at.")
    sys.exit(1 if failed else 0)


def say(finding: Finding) -> State:
    """Print a finding with what to do about it; return how it went."""
    state = click.style(f"{finding.state:<4}", fg=COLOURS[finding.state])
    click.echo(f"{state}  {finding.subject:<{SUBJECT_WIDTH}}{finding.found}")
    if finding.remedy:
        click.echo(f"{'':<{6 + SUBJECT_WIDTH}}-> {finding.remedy}")
    return finding.state

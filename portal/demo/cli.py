"""`portal demo`: load the demo club and say who is who."""

import sys
import unicodedata

import click
from flask import current_app
from flask.cli import AppGroup

from portal.config import Settings
from portal.database import revisions
from portal.demo import loader
from portal.demo.cast import MEMBERS, PASSWORD, STAFF
from portal.extensions import db

commands = AppGroup("demo", help="Try the portal with a fictional club.")
DEFAULT_MEMBERS = 300
MOST_MEMBERS = 5_000_000


@commands.command("load")
@click.option(
    "--members",
    type=click.IntRange(0, MOST_MEMBERS),
    default=DEFAULT_MEMBERS,
    show_default=True,
    help="Neighbours besides the people to sign in as.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed makes the same people."
)
@click.option("--if-empty", is_flag=True, help="Do nothing, successfully, when there is data.")
def load(members: int, seed: int, *, if_empty: bool) -> None:
    """Load a club with three projects, its owners, staff and open cases, dated from today."""
    settings: Settings = current_app.extensions["portal.settings"]
    if not settings.demo:
        raise click.ClickException(
            "The demo's passwords are known to everybody: it is loaded only with PORTAL_DEMO=1, "
            "into a database of its own."
        )
    if not revisions.is_current(()):
        raise click.ClickException("The database has no tables yet. Run: portal db upgrade")
    if loader.holds_data():
        _meet_data(if_empty=if_empty)
        return
    with click.progressbar(length=max(members, 1), label="Loading the demo") as bar:
        faults = loader.load(members=members, seed=seed, done=bar.update)
        db.session.commit()
        db.session.execute(db.text("ANALYZE"))
        db.session.commit()
    for fault in faults:
        click.echo(fault, err=True)
    _say_who()


def _meet_data(*, if_empty: bool) -> None:
    if not if_empty:
        raise click.ClickException(
            "The database already holds a club. Give PORTAL_HOME or PORTAL_DATABASE_URL of an "
            "empty one, or --if-empty to leave it as it is."
        )
    if loader.holds_demo():
        _say_who()
    else:
        click.echo("The database holds a club that is not the demo: nothing was loaded.")


def _say_who() -> None:
    rows = [(each.email, each.name, each.about_zh, each.about_en) for each in MEMBERS if each.email]
    rows += [(each.email, each.name, each.about_zh, each.about_en) for each in STAFF]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    click.echo(f"\n演示账号 Demo accounts · 密码 password: {PASSWORD}\n")
    for row in rows:
        cells = [
            text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True)
        ]
        click.echo("  " + "  ".join(cells).rstrip())
    waiting = loader.next_to_join()
    if waiting is None:
        sys.stdout.flush()
        return
    click.echo(
        f"\n试试入会 Try joining: {waiting.name} · {waiting.phone.removeprefix('+86')}\n"
        "  验证码显示在本终端；姓名手机与名册一致，房产当场通过。\n"
        "  The code appears in this terminal; name and phone are on the roster, "
        "so the home is verified at once.\n"
    )
    sys.stdout.flush()


def _width(text: str) -> int:
    """Return how many columns a terminal gives to `text`."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)

"""The `portal search` commands."""

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from portal.extensions import db
from portal.search.keeping import rebuild, sources
from portal.slots import slots


@click.group("search")
def commands() -> None:
    """Keep the search index."""


@commands.command("rebuild")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    help="Only this kind of things, or this plugin's; may be repeated.",
)
@click.option("--after", default=0, help="Go on after this id, as the last run said.")
@with_appcontext
def rebuild_index(kinds: tuple[str, ...], after: int) -> None:
    """Describe every row anew; the index stays in use meanwhile.

    Committed batch by batch: what stopped goes on with --kind and --after.
    """
    plugins = slots().searchable_plugins()
    known = [*sources(), *plugins]
    if unknown := set(kinds) - set(known):
        raise click.ClickException(
            f"No such kind: {', '.join(sorted(unknown))}. There are: {', '.join(known)}."
        )
    if after and (len(kinds) != 1 or kinds[0] in plugins):
        raise click.ClickException("--after goes with one --kind that is no plugin.")
    total = 0
    for kind in kinds or known:
        total += _rebuild_plugin(kind) if kind in plugins else _rebuild_kind(kind, after)
    click.echo(f"{total} documents.")


def _rebuild_plugin(plugin: str) -> int:
    number = slots().rebuild_search(plugin, lambda _: db.session.commit())
    click.echo(f"{plugin}: {number}")
    return number


def _rebuild_kind(kind: str, after: int) -> int:
    model = sources()[kind].model
    rows = db.session.scalar(sa.select(sa.func.count()).select_from(model).where(model.id > after))
    last = after
    with click.progressbar(length=rows or 0, label=kind) as bar:

        def note(_kind: str, reached: int, number: int) -> None:
            nonlocal last
            db.session.commit()
            last = reached
            bar.update(number)

        try:
            return rebuild([kind], after=after, done=note)
        except BaseException:
            click.echo(
                f"\nStopped. Go on with: portal search rebuild --kind {kind} --after {last}",
                err=True,
            )
            raise

"""`portal plugin new`: make a plugin to begin with."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from portal.database.known import known
from portal.database.owners import CORE, owner_of_revision
from portal.plugin_host import scaffold
from portal.plugin_host.state import host


@click.command("new")
@with_appcontext
@click.argument("word", metavar="NAME")
@click.option(
    "--dir",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="Where its folder is made.",
)
@click.option("--distribution", help="What the package is called for pip: portal-NAME unless told.")
@click.option("--bundled", is_flag=True, help="Into plugins/ of the checkout that --dir names.")
@click.option("--title", help="Its title in English.")
@click.option("--title-zh", help="Its title in Simplified Chinese.")
@click.option("--title-hant", help="Its title in Traditional Chinese.")
def new_command(
    word: str,
    folder: Path,
    distribution: str | None,
    title: str | None,
    title_zh: str | None,
    title_hant: str | None,
    *,
    bundled: bool,
) -> None:
    """Make a new plugin that works: model, pages, card, setting, JSON, demo, texts and tests."""
    try:
        name = scaffold.checked_name(word)
        if name in {*host().loaded, *host().quarantined}:
            raise scaffold.ScaffoldError(f"A plugin {name} is installed already.")
        shown = title or name.replace("_", " ").capitalize()
        whole = distribution or f"portal-{name.replace('_', '-')}"
        names = scaffold.Names(
            name=name,
            title=scaffold.checked_title(shown),
            title_zh=scaffold.checked_title(title_zh or shown),
            title_hant=scaffold.checked_title(title_hant or title_zh or shown),
            distribution=whole,
            package=f"plugins.{name}" if bundled else scaffold.package_of(whole),
            core=max(id_ for id_ in known().ids if owner_of_revision(id_) == CORE),
        )
        if bundled:
            made = scaffold.make_bundled(names, folder)
            then = f"Add to setup.cfg, below portal.plugins: {name} = plugins.{name}"
        else:
            made = scaffold.make_distribution(names, folder)
            then = f"Install it: pip install -e {made}"
    except scaffold.ScaffoldError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{made} is there. {then}")
    click.echo("Then: portal db upgrade, portal plugin check, and pytest for its tests.")

"""`portal files`: look after uploaded bytes."""

from datetime import timedelta

import click
from flask.cli import AppGroup

from portal.files.sweep import sweep

commands = AppGroup("files", help="Look after uploaded files.")


@commands.command("sweep")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option(
    "--older-than",
    default=24,
    show_default=True,
    metavar="HOURS",
    type=click.IntRange(1),
    help="Leave younger files alone: their upload may still be running.",
)
def sweep_command(*, dry_run: bool, older_than: int) -> None:
    """Remove bytes that no row names, and those of erased files; name rows without bytes."""
    result = sweep(older_than=timedelta(hours=older_than), dry_run=dry_run)
    verb = "Would remove" if dry_run else "Removed"
    click.echo(f"{verb} {result.removed} files ({result.freed_bytes:,} bytes).")
    for public_id in result.lost:
        click.echo(f"Bytes are missing: file {public_id}. Restore them from a backup.", err=True)
    if result.lost:
        raise SystemExit(1)

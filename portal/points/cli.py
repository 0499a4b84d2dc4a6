"""`portal points`: prove the ledger, make lots and balances anew, expire, seal."""

import sys

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from portal.extensions import db
from portal.points import chain, expiring, months
from portal.points.errors import PointsError
from portal.points.models import Currency, PointsAccount
from portal.points.rebuild import rebuild as rebuild_ledger
from portal.points.verify import verify as verify_ledger

commands = AppGroup("points", help="Prove and look after the points ledger.")


@commands.command("verify")
def verify() -> None:
    """Check every rule of the ledger.

    Exit code 0: all hold; 1: a line for each account and rule that fails.
    """
    found = verify_ledger()
    for fault in found:
        click.echo(f"{fault.rule}: {_holder(fault.account_id)}: {fault.text}", err=True)
    if found:
        sys.exit(1)
    click.echo("Every rule holds.")


@commands.command("rebuild")
@click.option("--dry-run", is_flag=True, help="Say what differs and leave it.")
def rebuild(*, dry_run: bool) -> None:
    """Make lots and balances anew from the entries; on a sound ledger nothing changes."""
    done = rebuild_ledger()
    if dry_run:
        db.session.rollback()
    else:
        db.session.commit()
    verb = "differ" if dry_run else "put right"
    click.echo(f"{done.lots:,} lots and {done.balances:,} balances {verb}.")


@commands.command("expire")
@click.option("--dry-run", is_flag=True, help="Say what is due and leave it.")
def expire(*, dry_run: bool) -> None:
    """Book what has expired or matured; the nightly job does the same."""
    if dry_run:
        due = expiring.due_report()
        click.echo(
            f"{due.points / 1000:,.3f} points in {due.lots:,} lots of {due.accounts:,} accounts "
            "are dead and not booked yet."
        )
        return
    lots, points, after = 0, 0, 0
    while (batch := expiring.expire_batch(after=after)).after is not None:
        lots, points, after = lots + batch.lots, points + batch.points, batch.after
        db.session.commit()
    click.echo(f"{points / 1000:,.3f} points in {lots:,} lots booked as expired.")


@commands.command("seal")
def seal() -> None:
    """Add every posting that is not in the hash chain yet."""
    sealed = 0
    while batch := chain.seal_batch(everything=True):
        sealed += batch
        db.session.commit()
    click.echo(f"{sealed:,} postings sealed.")


@commands.command("seal-month")
@click.argument("month")
def seal_month(month: str) -> None:
    """Close MONTH (2026-10) for postings and write its statements."""
    try:
        written = months.seal_month(actor=None, month=month)
    except PointsError as error:
        raise click.ClickException(_MONTH_ERRORS[error.code]) from error
    db.session.commit()
    click.echo(f"{month} is sealed: {written:,} statements.")


_MONTH_ERRORS = {
    "month_invalid": "Write the month as 2026-10.",
    "month_not_over": "This month can be sealed from the second day of the next one.",
    "sealed_month": "This month is sealed already.",
    "month_skipped": "Seal the month before this one first.",
}


def _holder(account_id: int) -> str:
    row = db.session.execute(
        sa.select(PointsAccount, Currency.key)
        .join(Currency, Currency.id == PointsAccount.currency_id)
        .where(PointsAccount.id == account_id)
    ).first()
    if row is None:
        return f"account {account_id}" if account_id else "the ledger"
    account, currency = row
    holder = account.member_id or account.household_id or account.unit_id or account.project_id
    return f"account {account.id} ({account.holder_kind} {holder or account.system}, {currency})"

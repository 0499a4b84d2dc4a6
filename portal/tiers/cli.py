"""`portal tiers`: evaluate everybody, and say why a member has a tier."""

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from portal.extensions import db
from portal.members.models import Member
from portal.tiers import evaluate as evaluating
from portal.tiers.explain import why
from portal.tiers.models import Membership
from portal.tiers.preview import moves
from portal.tiers.versions import in_force

commands = AppGroup("tiers", help="Evaluate membership tiers and explain them.")


@commands.command("evaluate")
@click.option("--dry-run", is_flag=True, help="Say who would move and leave it.")
@click.option("--scheme", help="Only the scheme with this key.")
def evaluate(*, dry_run: bool, scheme: str | None) -> None:
    """Evaluate everybody as of today; the nightly job does the same."""
    on = evaluating.today()
    schemes = in_force(on, scheme=scheme)
    if not schemes:
        raise click.ClickException("No such scheme is in force.")
    for found in schemes:
        if dry_run:
            total = 0
            for (old, new), number in moves(found, on=on).items():
                if old != new:
                    total += number
                    click.echo(f"{found.key}: {old or 'unrated'} -> {new or 'unrated'}: {number:,}")
            click.echo(f"{found.key}: {total:,} would move.")
            continue
        evaluating.begin_period(found, on)
        after, changed = 0, 0
        people = db.session.scalar(sa.select(sa.func.count(Member.id))) or 0
        with click.progressbar(length=people, label=found.key) as bar:
            while (batch := evaluating.evaluate_batch(found, on=on, after=after)).after is not None:
                after, changed = batch.after, changed + batch.changes
                db.session.commit()
                bar.update(batch.members)
        evaluating.end_period(found, on)
        db.session.commit()
        click.echo(f"{found.key}: {changed:,} changes.")


@commands.command("explain")
@click.argument("member")
def explain(member: str) -> None:
    """Say what tier MEMBER (card number) has in each scheme, by which figures, and what is near."""
    found = db.session.scalar(sa.select(Member).where(Member.card_number == member))
    if found is None:
        raise click.ClickException("No member has this card number.")
    for scheme in in_force(evaluating.today()):
        for line in why(scheme, found):
            click.echo(line)
    count = db.session.scalar(sa.select(sa.func.count()).where(Membership.member_id == found.id))
    if not count:
        click.echo("Not evaluated yet.")

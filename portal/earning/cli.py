"""`portal earning`: ask what the rules would make of something; print the schema of a rule."""

import json
from datetime import date, datetime

import click
from flask.cli import AppGroup

from portal import clock
from portal.club.queries import current_club
from portal.earning.books import read_book
from portal.earning.queries import draft_book
from portal.earning.schema import json_schema
from portal.earning.trying import find_card, read_facts, read_fen, try_fact
from portal.extensions import db
from portal.facts.service import FactError, NewFact

commands = AppGroup("earning", help="Try the earning rules out.")


@commands.command("schema")
def schema() -> None:
    """Print the JSON Schema of a rule."""
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@commands.command("try")
@click.option("--card", required=True, help="Card number of a member.")
@click.option("--source", required=True, help="What happens, such as fee.paid.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="On which day; today without.")
@click.option("--amount", default="", help="Yuan, such as 1280.50.")
@click.option("--category", default="", help="What a fee is for, and the like.")
@click.option("--facts", default="", help="Further facts, such as percent=30.")
@click.option("--draft", is_flag=True, help="Ask the draft, not the published rules.")
def try_out(
    *,
    card: str,
    source: str,
    on: datetime | None,
    amount: str,
    category: str,
    facts: str,
    draft: bool,
) -> None:
    """Say what the rules would make of something; nothing is kept.

    Exit code 1: no such member, source or draft, or figures that cannot be.
    """
    member = find_card(card)
    book = draft_book() if draft else None
    if member is None or (draft and book is None):
        raise click.ClickException("No member has this card." if book or not draft else "No draft.")
    day: date = on.date() if on else clock.business_date(current_club().time_zone)
    try:
        new = NewFact(
            source,
            f"try:{member.public_id}",
            day,
            member_id=member.id,
            amount=read_fen(amount),
            category=category,
            facts=read_facts(facts),
        )
        tried = try_fact(new=new, draft=read_book(book.id) if book else None)
    except (FactError, ValueError) as error:
        raise click.ClickException(f"This cannot be: {error}") from error
    finally:
        db.session.rollback()
    for each in tried:
        if each.amount:
            click.echo(f"{each.rule}: {each.amount / 1000:,.3f} {each.currency}")
        else:
            click.echo(f"{each.rule}: nothing. {each.reason.why} {each.reason.needed}".rstrip())
    if not tried:
        click.echo("No rule acts on this.")

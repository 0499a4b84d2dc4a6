"""`portal audit`: seal the trail, and prove that nothing in it was changed."""

import sys
from datetime import timedelta

import click
from flask.cli import AppGroup

from portal import clock
from portal.audit import checking
from portal.audit.checking import Damage, Verification
from portal.audit.models import AuditSeal
from portal.audit.sealing import SealTakenError, newest_seal, seal_entries
from portal.extensions import db

commands = AppGroup("audit", help="Seal and verify the audit trail.")
_SENTENCES = {
    "seal_missing": "Seal {seal} is missing.",
    "seal_changed": "Seal {seal} was changed, or an entry of it together with its digest.",
    "seal_chain": "Seal {seal} does not follow the seal before it.",
    "entry_missing": "An entry of seal {seal} is missing.",
    "entry_changed": "Entry {entry} in seal {seal} was changed.",
    "text_changed": "The reason of entry {entry} in seal {seal} was changed.",
    "entry_added": "Entry {entry} was added to seal {seal} after it was sealed.",
    "entry_order": "Entry {entry} is not in its place in seal {seal}.",
    "expected_missing": "No seal has the expected digest: the trail was cut off or made anew.",
}


@commands.command("seal")
def seal() -> None:
    """Seal every entry that no seal holds yet, and print the newest digest."""
    entries = _seal_all()
    newest = newest_seal()
    click.echo(f"{entries:,} entries sealed.")
    click.echo(_digest_line(newest) if newest else "The trail is empty: there is nothing to seal.")


@commands.command("verify")
@click.option(
    "--expect",
    metavar="DIGEST",
    help="A digest that was printed earlier and kept elsewhere: the chain must contain it.",
)
def verify(expect: str | None) -> None:
    """Seal what is new, then verify every seal.

    Exit code 0: everything fits; 1: something was changed, taken out, added or moved.
    """
    # What is damaged may stand in the way of a new seal; it is verified all the same.
    _seal_all()
    found = checking.verify(expect=[expect.strip().lower()] if expect else ())
    checking.note_check(found=found)
    db.session.commit()
    _report(found)
    if found.damage is not None:
        click.echo(sentence(found.damage), err=True)
        sys.exit(1)
    click.echo("Everything fits.")


def sentence(damage: Damage) -> str:
    """Return what a verification found wrong as a sentence."""
    text = _SENTENCES[damage.code].format(seal=damage.seal, entry=damage.entry)
    if damage.code == "entry_missing" and damage.entry is not None:
        return f"Entry {damage.entry} of seal {damage.seal} is missing."
    return text


def _seal_all() -> int:
    entries = 0
    while True:
        try:
            made = seal_entries(everything=True)
        except SealTakenError:
            db.session.rollback()
            return entries
        db.session.commit()
        if made is None:
            return entries
        entries += made.entries


def _report(found: Verification) -> None:
    click.echo(
        f"{found.entries:,} entries in {found.seals:,} seals fit; the free text of "
        f"{found.blanked:,} was erased since."
    )
    if found.unsealed and found.oldest_unsealed:
        age = clock.now() - found.oldest_unsealed
        click.echo(f"{found.unsealed:,} entries are not sealed, the oldest for {_age(age)}.")
    if found.digest:
        click.echo(f"Newest digest (seal {found.seals}): {found.digest}")


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _digest_line(newest: AuditSeal) -> str:
    return f"Newest digest (seal {newest.number}): {newest.digest}"

"""Wrong tries slow down the place they come from, and nobody else.

A place is a network, or a device that has signed in to the account before. So a stranger who
tries an owner's passwords makes the stranger's network wait, not the owner.
"""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import SignInFailure
from portal.crypto import lookup_hash
from portal.extensions import db

FREE_TRIES = 5
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)


class SlowDownError(Exception):
    """This place has tried too often; `wait` says how long it must rest."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"wait {wait}")
        self.wait = wait


def wait_after(tries: int) -> timedelta:
    """Return how long a place rests after `tries` wrong ones: nothing, 15 s, 30 s, … 15 min."""
    if tries < FREE_TRIES:
        return timedelta()
    return min(FIRST_WAIT * 2 ** min(tries - FREE_TRIES, 10), LONGEST_WAIT)


def begin_try(*, identity: str, place: str) -> None:
    """Count a try before its secret is compared, so that many at once do not pass together.

    Raises SlowDownError. The caller commits, and forgets the tries after a right one.
    """
    key = {
        "identity_hash": lookup_hash("identity", identity),
        "place_hash": lookup_hash("place", place),
    }
    now = clock.now()
    row = db.session.scalar(sa.select(SignInFailure).filter_by(**key))
    if row is None:
        try:
            with db.session.begin_nested():
                db.session.add(SignInFailure(**key, tries=1, last_at=now))
        except IntegrityError as error:
            raise SlowDownError(timedelta(seconds=1)) from error
        return
    tries = 0 if now - row.last_at > FORGOTTEN_AFTER else row.tries
    rested = row.last_at + wait_after(tries)
    if now < rested:
        raise SlowDownError(rested - now)
    counted = db.session.scalar(
        sa.update(SignInFailure)
        .where(SignInFailure.id == row.id, SignInFailure.tries == row.tries)
        .values(tries=tries + 1, last_at=now)
        .returning(SignInFailure.id)
        .execution_options(synchronize_session=False)
    )
    if counted is None:
        raise SlowDownError(timedelta(seconds=1))


def forget_tries(*, identity: str, place: str) -> None:
    """Forget the tries of a place that has now shown the right secret."""
    db.session.execute(
        sa.delete(SignInFailure)
        .where(
            SignInFailure.identity_hash == lookup_hash("identity", identity),
            SignInFailure.place_hash == lookup_hash("place", place),
        )
        .execution_options(synchronize_session=False)
    )


def wait_turn(*, identity: str) -> None:
    """Let requests about one identity go on one after the other: each holds a row until it commits.

    What the next one counts then includes what this one has added.
    """
    now = clock.now()
    postgres = db.session.get_bind().dialect.name == "postgresql"
    insert = (postgresql if postgres else sqlite).insert
    row = {
        "identity_hash": lookup_hash("identity", identity),
        "place_hash": lookup_hash("place", "turn"),
        "tries": 0,
        "last_at": now,
    }
    db.session.execute(
        insert(SignInFailure)
        .values(row)
        .on_conflict_do_update(
            index_elements=["identity_hash", "place_hash"], set_={"last_at": now}
        )
    )

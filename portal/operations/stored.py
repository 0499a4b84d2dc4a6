"""What `portal doctor` looks at in the database: each check reads it once."""

from collections.abc import Callable

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from portal.accounts.models import Account
from portal.club.models import Club
from portal.config import Settings
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.jobs.models import JobState
from portal.jobs.queries import standing
from portal.operations.accounts import has_administrator
from portal.operations.findings import Finding, State
from portal.operations.plugins import settings_problem


def _keys_fit(settings: Settings) -> Finding:
    """Try the keys on a stored phone number: a wrong key loses every one of them."""
    remedy = "Restore keys.json (or PORTAL_DATA_KEYS) from the backup of this database."
    try:
        account = db.session.scalar(
            sa.select(Account).where(Account.phone.is_not(None)).order_by(Account.id).limit(1)
        )
    except (InvalidTag, KeyError):
        return Finding(State.FAIL, "stored numbers", "cannot be decrypted with these keys", remedy)
    if account is None:
        return Finding(State.OK, "stored numbers", "none yet")
    if account.phone_hash != lookup_hash("phone", account.phone or ""):
        return Finding(State.FAIL, "stored numbers", "cannot be found with these keys", remedy)
    return Finding(State.OK, "stored numbers", "can be decrypted and found")


def _administrator(settings: Settings) -> Finding:
    if db.session.scalar(sa.select(Club.id)) is None or not has_administrator():
        return Finding(
            State.WARN,
            "set-up",
            "there is no club or no administrator yet",
            "Run: portal account create-admin",
        )
    return Finding(State.OK, "set-up", "club and administrator are there")


def _plugin_settings(settings: Settings) -> Finding:
    problem = settings_problem()
    if problem:
        remedy = "Run: portal plugin settings NAME --project SLUG"
        return Finding(State.WARN, "plugin settings", problem, remedy)
    return Finding(State.OK, "plugin settings", "every plugin that is on has what it needs")


def _demo_people(settings: Settings) -> Finding:
    found = db.session.scalar(sa.select(sa.exists().where(Account.is_demo.is_(True))))
    if found and not settings.demo:
        return Finding(
            State.WARN,
            "demo people",
            "the database holds the demo",
            "Use a database of its own; demo accounts cannot sign in here.",
        )
    return Finding(State.OK, "demo people", "there, as PORTAL_DEMO=1 says" if found else "none")


def _jobs(settings: Settings) -> Finding:
    found = standing()
    if found.late:
        return Finding(
            State.WARN,
            "background work",
            f"due since {found.oldest_due:%Y-%m-%d %H:%M} UTC, and nobody does it",
            "Keep a `portal jobs run` running, or serve with `portal run`.",
        )
    dead = found.counts.get(JobState.FAILED, 0)
    if dead:
        return Finding(
            State.WARN,
            "background work",
            f"{dead} jobs were given up after many attempts",
            "See /centre/jobs, or: portal jobs list --state failed",
        )
    return Finding(State.OK, "background work", "nothing has waited for long")


DATABASE_CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    _keys_fit,
    _administrator,
    _demo_people,
    _jobs,
    _plugin_settings,
)

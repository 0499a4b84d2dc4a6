"""Loading the demo: in one transaction, the same people for the same seed, dated from today."""

import random
from collections.abc import Callable

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.accounts.passwords import hash_password
from portal.club.drafts import legal_draft
from portal.club.models import Club, LegalKind, LegalText
from portal.crypto import lookup_hash
from portal.demo.books import add_proposals, close_books
from portal.demo.cases import add_cases
from portal.demo.cast import PASSWORD, WAITING, Waiting
from portal.demo.contracts import add_contracts
from portal.demo.earning import add_earning
from portal.demo.neighbour_points import add_neighbour_points
from portal.demo.neighbours import add_neighbours
from portal.demo.people import add_cast
from portal.demo.plugins import add_plugins
from portal.demo.points import add_points
from portal.demo.stage import ZONE, Stage
from portal.demo.texts import CLUB_NAME, CLUB_TAGLINE, PROJECTS
from portal.demo.tiers import add_tiers
from portal.extensions import db
from portal.i18n import DEFAULT_LANGUAGE, LANGUAGES
from portal.projects.models import Project
from portal.search.keeping import rebuild

LEGAL_SINCE = 365 * 5 + 30
"""Days ago that the legal texts were published: before anybody of the demo joined."""


def holds_data() -> bool:
    """Tell whether the database holds a club, a project or an account already."""
    return any(
        db.session.scalar(sa.select(sa.exists(sa.select(model.id))))
        for model in (Club, Project, Account)
    )


def holds_demo() -> bool:
    """Tell whether what the database holds came from a load of the demo."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Account.is_demo.is_(True)))))


def next_to_join() -> Waiting | None:
    """Return the first of the roster's people who has no account yet: a name and phone to try."""
    hashes = {lookup_hash("phone", each.phone): each for each in WAITING}
    known = set(
        db.session.scalars(sa.select(Account.phone_hash).where(Account.phone_hash.in_(hashes)))
    )
    return next((each for key, each in hashes.items() if key not in known), None)


def load(
    *, members: int, seed: int, done: Callable[[int], None] = lambda number: None
) -> list[str]:
    """Add the demo to an empty database: the cast, `members` neighbours, what plugins add; the
    caller commits.

    The same seed gives the same names, cards and homes. `done` hears how many neighbours were
    added since it was called last. Returns what is wrong with plugins, as sentences.
    """
    stage = Stage(
        rng=random.Random(seed),  # noqa: S311 — invented people, not secrets
        today=clock.business_date(ZONE),
        password_hash=hash_password(PASSWORD),
    )
    _add_club(stage)
    _add_projects(stage)
    add_cast(stage)
    add_cases(stage)
    add_points(stage)
    add_earning(stage)
    add_contracts(stage)
    db.session.flush()
    add_neighbours(stage, members, done)
    add_neighbour_points(stage)
    add_proposals(stage)
    add_tiers(stage)
    # The neighbours were written past the session, which would have noticed them.
    rebuild()
    faults = add_plugins(stage, seed)
    close_books(stage)
    return faults


def _add_club(stage: Stage) -> None:
    db.session.add(
        Club(
            name=CLUB_NAME,
            tagline=CLUB_TAGLINE,
            languages=list(LANGUAGES),
            default_language=DEFAULT_LANGUAGE,
            time_zone=ZONE,
            contact_phone="400-000-8802",
            contact_email="service@demo.test",
        )
    )
    for kind in LegalKind:
        text = LegalText(
            kind=kind,
            version=1,
            body=legal_draft(kind),
            published_at=stage.moment(LEGAL_SINCE),
            created_at=stage.moment(LEGAL_SINCE),
        )
        db.session.add(text)
        stage.legal_texts.append(text)
    db.session.flush()


def _add_projects(stage: Stage) -> None:
    for project in PROJECTS:
        stage.projects[project.slug] = Project(
            slug=project.slug,
            name=project.name,
            welcome=project.welcome,
            city=project.city,
            opened_on=stage.day(365 * project.age_in_years),
            time_zone=ZONE,
            contact_phone=project.contact_phone,
            created_at=stage.moment(365 * project.age_in_years),
        )
        db.session.add(stage.projects[project.slug])
        db.session.flush()

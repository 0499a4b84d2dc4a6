"""Schemes and their versions: drafted, proposed with a date, published by a second person."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.columns import Texts
from portal.extensions import db
from portal.jobs.service import enqueue
from portal.tiers import schema
from portal.tiers.checks import Fault, faults_of
from portal.tiers.errors import TierError
from portal.tiers.evaluate import today
from portal.tiers.kinds import VersionState
from portal.tiers.models import Scheme, SchemeVersion
from portal.tiers.terms import Terms
from portal.tiers.versions import in_force, terms_of

EVALUATE = "tiers.evaluate"
_OPEN = (VersionState.DRAFT, VersionState.PROPOSED)


def install(
    *,
    key: str,
    name: Texts,
    form: Mapping[str, Any],
    begins_on: date,
    is_club: bool = False,
    actor: Account | None = None,
) -> SchemeVersion:
    """Publish rules at once, as a new scheme or the next version of one: the operator's way.

    Raises FormError, and TierError: not_publishable, draft_exists.
    """
    rules = schema.load(form)
    scheme = db.session.scalar(sa.select(Scheme).where(Scheme.key == key).with_for_update())
    if is_club:
        others = sa.update(Scheme).where(Scheme.is_club, Scheme.key != key)
        db.session.execute(others.values(is_club=False))
    if scheme is None:
        version = _add(key=key, name=name, is_club=is_club, body=schema.dump(rules), actor=actor)
        _check(rules, None)
    else:
        scheme.name, scheme.is_club = dict(name) or scheme.name, is_club
        version = _next(actor, scheme)
        version.body = schema.dump(rules)
        _check(rules, _before(version))
    version.state, version.begins_on = VersionState.PUBLISHED, begins_on
    version.published_at = clock.now()
    db.session.flush()
    facts = {"begins_on": begins_on.isoformat()}
    _note(actor, "tiers.published", _scheme(version), version, **facts)
    if begins_on <= today():
        enqueue(kind=EVALUATE, payload={"scheme": key}, key=f"publish:{version.public_id}")
    return version


def create_scheme(
    *, actor: Account, key: str, name: Texts, is_club: bool, form: Mapping[str, Any]
) -> SchemeVersion:
    """Add a scheme with a draft. Raises FormError, and TierError: key_taken."""
    body = schema.dump(schema.load(form))
    version = _add(key=key, name=name, is_club=is_club, body=body, actor=actor)
    _note(actor, "tiers.scheme_created", version.scheme, version)
    return version


def rename_scheme(*, actor: Account, scheme: Scheme, name: Texts, is_club: bool) -> None:
    """Call a scheme something else, in all its versions, and let it be the club's, or not.

    The mark goes from scheme to scheme, so that the club always has one that holds. Raises
    TierError: name_needed, club_needed, not_in_force.
    """
    if not name:
        raise TierError("name_needed")
    facts: dict[str, Any] = {"scheme": scheme.key, "name": dict(name)}
    if is_club != scheme.is_club:
        if not is_club:
            raise TierError("club_needed")
        if not in_force(today(), scheme=scheme.key):
            raise TierError("not_in_force")
        others = sa.update(Scheme).where(Scheme.is_club).values(is_club=False)
        db.session.execute(others.execution_options(synchronize_session=False))
        facts["is_club"] = True
    scheme.name, scheme.is_club = dict(name), is_club
    db.session.flush()
    record(
        actor=actor,
        action="tiers.scheme_renamed",
        subject=("tier_scheme", scheme.public_id),
        project_id=None,
        facts=facts,
    )


def start_draft(*, actor: Account, scheme: Scheme) -> SchemeVersion:
    """Begin the next version with what the last one says. Raises TierError: draft_exists."""
    version = _next(actor, scheme)
    _note(actor, "tiers.draft_started", scheme, version)
    return version


def save_draft(
    *, actor: Account, version: SchemeVersion, form: Mapping[str, Any], revision: int
) -> None:
    """Replace what a draft says, if it is still as it was seen; a proposal is a draft again.

    Raises FormError, and TierError: changed_meanwhile (with its state).
    """
    body = schema.dump(schema.load(form))
    _move(
        version,
        _OPEN,
        SchemeVersion.revision == revision,
        state=VersionState.DRAFT,
        begins_on=None,
        body=body,
        revision=SchemeVersion.revision + 1,
        drafted_by_id=actor.id,
    )
    _note(actor, "tiers.draft_saved", _scheme(version), version)


def propose(*, actor: Account, version: SchemeVersion, begins_on: date) -> None:
    """Ask a colleague to publish a draft from a day on.

    Raises TierError: not_publishable, begins_in_past, changed_meanwhile.
    """
    if begins_on < today():
        raise TierError("begins_in_past")
    _check(terms_of(version), _before(version))
    _move(
        version,
        (VersionState.DRAFT,),
        SchemeVersion.revision == version.revision,
        state=VersionState.PROPOSED,
        begins_on=begins_on,
        drafted_by_id=actor.id,
    )
    _note(actor, "tiers.proposed", _scheme(version), version, begins_on=begins_on.isoformat())


def publish(*, actor: Account, version: SchemeVersion) -> None:
    """Publish what a colleague proposed; it holds from its day on and is never changed.

    Raises TierError: own_proposal, not_publishable, begins_in_past, changed_meanwhile.
    """
    if version.drafted_by_id == actor.id:
        raise TierError("own_proposal")
    if version.begins_on is None:
        raise TierError("changed_meanwhile", state=version.state)
    if version.begins_on < today():
        raise TierError("begins_in_past")
    _check(terms_of(version), _before(version))
    _move(
        version,
        (VersionState.PROPOSED,),
        SchemeVersion.revision == version.revision,
        state=VersionState.PUBLISHED,
        published_by_id=actor.id,
        published_at=clock.now(),
    )
    scheme = _scheme(version)
    _note(actor, "tiers.published", scheme, version, begins_on=version.begins_on.isoformat())
    if version.begins_on <= today():
        enqueue(kind=EVALUATE, payload={"scheme": scheme.key}, key=f"publish:{version.public_id}")


def discard(*, actor: Account, version: SchemeVersion) -> None:
    """Throw a draft away; with a scheme's first one the scheme goes too.

    Raises TierError: changed_meanwhile.
    """
    scheme = _scheme(version)
    _note(actor, "tiers.draft_discarded", scheme, version)
    done: Any = db.session.execute(
        sa.delete(SchemeVersion)
        .where(SchemeVersion.id == version.id, SchemeVersion.state.in_(_OPEN))
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:
        raise TierError("changed_meanwhile", state=version.state)
    db.session.expunge(version)
    if version.version == 1:
        db.session.delete(scheme)
        db.session.flush()


def faults_of_draft(version: SchemeVersion) -> list[Fault]:
    """Return what keeps a draft from being published."""
    return faults_of(terms_of(version), earlier=_before(version))


def tiers_left(version: SchemeVersion) -> list[str]:
    """Return the tiers of the rules before that are no longer in a draft."""
    earlier, terms = _before(version), terms_of(version)
    return [tier.key for tier in earlier.tiers if tier.key not in terms.ranks] if earlier else []


def _add(
    *, key: str, name: Texts, is_club: bool, body: dict[str, Any], actor: Account | None
) -> SchemeVersion:
    scheme = Scheme(key=key, name=dict(name), is_club=is_club)
    if not _added(scheme):
        raise TierError("key_taken")
    version = SchemeVersion(
        scheme_id=scheme.id,
        scheme=scheme,
        version=1,
        body=body,
        drafted_by_id=actor.id if actor else None,
    )
    db.session.add(version)
    db.session.flush()
    return version


def _next(actor: Account | None, scheme: Scheme) -> SchemeVersion:
    last = db.session.scalars(
        sa.select(SchemeVersion)
        .where(SchemeVersion.scheme_id == scheme.id)
        .order_by(SchemeVersion.version.desc())
        .limit(1)
    ).one()
    if last.state != VersionState.PUBLISHED:
        raise TierError("draft_exists", state=last.state)
    # What was carried over into the last version is over.
    body = {**last.body, "carry_over": {}}
    version = SchemeVersion(
        scheme_id=scheme.id,
        version=last.version + 1,
        body=body,
        drafted_by_id=actor.id if actor else None,
    )
    if not _added(version):
        raise TierError("draft_exists")
    return version


def _added(row: Scheme | SchemeVersion) -> bool:
    """Insert a row; tell whether it is the first of its kind."""
    try:
        # Added within: opening a savepoint writes what waits before it.
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return False
    return True


def _scheme(version: SchemeVersion) -> Scheme:
    return db.session.get_one(Scheme, version.scheme_id)


def _before(version: SchemeVersion) -> Terms | None:
    """Return what the last published version says."""
    last = db.session.scalar(
        sa.select(SchemeVersion)
        .where(
            SchemeVersion.scheme_id == version.scheme_id,
            SchemeVersion.state == VersionState.PUBLISHED,
        )
        .order_by(SchemeVersion.version.desc())
        .limit(1)
    )
    return terms_of(last) if last else None


def _check(rules: Terms, earlier: Terms | None) -> None:
    faults = faults_of(rules, earlier=earlier)
    if faults:
        raise TierError("not_publishable", faults=faults)


def _move(version: SchemeVersion, among: tuple[str, ...], *where: Any, **values: Any) -> None:
    done: Any = db.session.execute(
        sa.update(SchemeVersion)
        .where(SchemeVersion.id == version.id, SchemeVersion.state.in_(among), *where)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(version)
    if not done.rowcount:
        raise TierError("changed_meanwhile", state=version.state)


def _note(
    actor: Account | None, action: str, scheme: Scheme, version: SchemeVersion, **facts: Any
) -> None:
    record(
        actor=actor,
        action=action,
        subject=("tier_scheme", scheme.public_id),
        project_id=None,
        facts={"scheme": scheme.key, "version": version.version, **facts},
    )

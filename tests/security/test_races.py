"""Many requests at the same moment do no more than one after the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from portal.accounts import codes
from portal.accounts.codes import Asker, CodeError
from portal.accounts.models import Account, CodePurpose
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.permissions.models import RoleGrant
from portal.permissions.roles import RoleName
from portal.permissions.service import RoleError, revoke_role
from portal.projects.errors import HomeError
from portal.projects.invitations import invite
from portal.projects.models import EndReason, Invitation, Ownership, Role, Unit
from portal.projects.queries import invitations_of
from portal.projects.service import change_role, end_ownership
from tests import factories

PHONE = "+8613800138000"
ERRORS = (CodeError, RoleError, HomeError, HTTPException, OperationalError)


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """Run the acts together, each in a thread and transaction of its own."""
    db.session.commit()
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        with app.app_context():
            barrier.wait(10)
            try:
                result = act()
                db.session.commit()
            except ERRORS as error:
                db.session.rollback()
                return type(error)
            return result

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_codes_asked_for_at_once_are_held_back(app: Flask) -> None:
    def ask(number: int) -> str:
        return codes.issue_code(
            purpose=CodePurpose.SIGN_IN,
            phone=PHONE,
            request_token=f"token-{number}",
            asker=Asker(place="network:test", known=False),
        )

    results = at_once(app, *(lambda n=n: ask(n) for n in range(8)))  # type: ignore[misc]
    assert results.count(CodeError) == 7


def test_a_phone_is_invited_once(app: Flask) -> None:
    owner = factories.make_owner(factories.make_project())
    unit_id = db.session.scalars(sa.select(Unit.id)).one()

    def ask() -> str:
        actor = db.session.get_one(Account, owner.account_id)
        unit = db.session.get_one(Unit, unit_id)
        member = db.session.merge(owner, load=False)
        return invite(actor=actor, member=member, unit=unit, name="甲", phone=PHONE, role="spouse")[
            1
        ]

    results = at_once(app, *[ask] * 6)
    assert results.count(HomeError) == 5
    assert len(invitations_of(unit_id)) == 1


def test_who_may_not_invite_any_more_has_no_open_invitation(app: Flask) -> None:
    owner = factories.make_owner(factories.make_project())
    place = db.session.scalars(sa.select(Ownership)).one()
    unit = db.session.scalars(sa.select(Unit)).one()
    actor = db.session.get_one(Account, owner.account_id)
    invite(actor=actor, member=owner, unit=unit, name="甲", phone=PHONE, role="co_owner")
    change_role(actor=actor, ownership=place, role=Role.TENANT, note="查实")
    db.session.commit()
    assert db.session.scalars(sa.select(Invitation.withdrawn_at)).one() is not None


def test_two_administrators_who_end_each_other_leave_one(app: Flask) -> None:
    ids = [factories.make_staff(RoleName.ADMINISTRATOR).id for _ in range(2)]

    def revoke(actor_id: int, other_id: int) -> None:
        grant = db.session.scalars(sa.select(RoleGrant).filter_by(account_id=other_id)).one()
        revoke_role(actor=db.session.get_one(Account, actor_id), grant=grant)

    results = at_once(app, lambda: revoke(*ids), lambda: revoke(*reversed(ids)))
    assert results.count(None) == 1
    live = sa.select(sa.func.count(RoleGrant.id)).where(RoleGrant.revoked_at.is_(None))
    assert db.session.scalar(live) == 1


def test_a_home_is_sold_once(app: Flask) -> None:
    factories.make_owner(factories.make_project())
    staff_id = factories.make_account().id
    place_id = db.session.scalars(sa.select(Ownership.id)).one()

    def sell() -> int:
        place = db.session.get_one(Ownership, place_id)
        actor = db.session.get_one(Account, staff_id)
        on = date(2026, 1, 5)
        return len(end_ownership(actor=actor, ownership=place, reason=EndReason.SALE, on=on))

    assert sorted(map(str, at_once(app, *[sell] * 4))) == ["1", *[str(HomeError)] * 3]
    ended = sa.select(sa.func.count()).where(AuditEntry.action == "ownership.ended")
    assert db.session.scalar(ended) == 1


def test_a_form_sent_many_times_at_once_is_done_once(app: Flask) -> None:
    project = factories.make_project()
    staff = factories.make_staff("staff", project)
    clients = [factories.sign_in(app.test_client(), staff) for _ in range(6)]
    data = {"building": "2", "number": "1502", "idempotency_key": "k" * 22}

    def send(client: Any) -> int:
        return client.post("/p/binjiang/staff/homes/new", data=data).status_code

    statuses = at_once(app, *(lambda c=c: send(c) for c in clients))  # type: ignore[misc]
    assert set(statuses) <= {303, 409}
    assert send(clients[0]) == 303
    added = sa.select(sa.func.count()).where(AuditEntry.action == "unit.added")
    assert db.session.scalar(added) == 1

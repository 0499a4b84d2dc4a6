"""What staff may do, and that what they look up leaves a trace."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.claims.models import ClaimState, UnitClaim
from portal.extensions import db
from portal.projects.models import Ownership, Project
from tests import factories

LIST = "/p/binjiang/staff/members"
APPROVE = {"decision": "approve", "approve_reason": "proof_good"}


@pytest.fixture
def project(app: Flask) -> Project:
    return factories.make_project()


@pytest.fixture
def account(project: Project) -> Account:
    return factories.make_staff("staff", project)


@pytest.fixture
def staff(client: FlaskClient, account: Account) -> FlaskClient:
    return factories.sign_in(client, account)


def searches() -> int:
    statement = sa.select(sa.func.count(AuditEntry.id)).where(
        AuditEntry.action == "members.searched"
    )
    return db.session.scalar(statement) or 0


def claim(browser: FlaskClient) -> UnitClaim:
    data = {"building": "2", "number": "1502", "role": "owner", "name": "苏静"}
    data |= {"photos": factories.photo()}
    answer = browser.post(
        "/me/claims/new?project=binjiang", data=data, content_type="multipart/form-data"
    )
    assert answer.status_code == 303
    return db.session.scalars(sa.select(UnitClaim)).one()


@pytest.mark.parametrize(
    "decision", [APPROVE, {"decision": "refuse", "refuse_reason": "not_entitled"}]
)
def test_nobody_decides_on_the_own_claim(
    staff: FlaskClient, account: Account, project: Project, decision: dict[str, str]
) -> None:
    factories.make_unit(project)
    factories.make_member(account=account, name="苏静")
    own = claim(staff)
    answer = staff.post(f"/p/binjiang/staff/claims/{own.public_id}", data=decision)
    assert answer.status_code == 422
    db.session.refresh(own)
    assert own.state == ClaimState.PENDING
    assert db.session.scalar(sa.select(sa.func.count(Ownership.id))) == 0


def test_a_colleague_decides_on_it(
    staff: FlaskClient, app: Flask, account: Account, project: Project
) -> None:
    factories.make_unit(project)
    factories.make_member(account=account, name="苏静")
    own = claim(staff)
    colleague = factories.sign_in(app.test_client(), factories.make_staff("staff", project))
    answer = colleague.post(f"/p/binjiang/staff/claims/{own.public_id}", data=APPROVE)
    assert answer.status_code == 303
    db.session.refresh(own)
    assert own.state == ClaimState.APPROVED


@pytest.mark.parametrize("trick", ["&cursor=", "&cursor=page"])
def test_no_cursor_hides_a_search_by_phone(
    staff: FlaskClient, project: Project, trick: str
) -> None:
    for _ in range(25):
        factories.make_follower(project)
    if trick.endswith("page"):
        link = staff.get(LIST).text.split('rel="next"')[0].rsplit("cursor=", 1)[1].split('"')[0]
        trick = f"&cursor={link}"
    before = searches()
    assert staff.get(f"{LIST}?q=0001{trick}").status_code == 200
    assert searches() == before + 1


def test_asking_at_the_desk_who_has_a_phone_leaves_a_trace(
    staff: FlaskClient, project: Project
) -> None:
    elsewhere = factories.make_follower(factories.make_project(slug="other", name="他处"))
    phone = db.session.get_one(Account, elsewhere.account_id).phone
    page = staff.post(f"{LIST}/new", data={"phone": phone})
    assert page.status_code == 422
    assert elsewhere.name not in page.text
    assert searches() == 1

"""A decision reaches the claimant's inbox: through the event, the runner, and in their language."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.claims.decisions import Decision, decide
from portal.claims.models import ClaimReason, ClaimState, UnitClaim
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.notifications.models import Notification
from tests import factories


def run_jobs(app: Flask) -> None:
    db.session.commit()
    Runner(app).run_once()
    db.session.expire_all()


@pytest.mark.parametrize(
    ("decision", "reason", "kind", "word"),
    [
        (Decision.APPROVE, ClaimReason.PROOF_GOOD, "claims.approved", "已通过认证"),
        (Decision.MORE, ClaimReason.PROOF_UNREADABLE, "claims.needs_more", "补充材料"),
        (Decision.REFUSE, ClaimReason.NOT_ENTITLED, "claims.refused", "未通过认证"),
    ],
)
def test_the_claimant_is_told_once(
    app: Flask, decision: Decision, reason: ClaimReason, kind: str, word: str
) -> None:
    project = factories.make_project()
    unit = factories.make_unit(project, building="2", entrance="1", number="1502")
    member = factories.make_member(name="陈明")
    claim = factories.add(
        UnitClaim(
            project_id=project.id, member_id=member.id, unit_id=unit.id, building="2",
            entrance="1", number="1502", address="2-1-1502", name="陈明", role="owner",
            state=ClaimState.PENDING,
        )
    )  # fmt: skip
    decide(
        actor=factories.make_staff("staff", project), claim=claim, decision=decision, reason=reason
    )
    db.session.commit()
    assert db.session.scalars(sa.select(Notification)).all() == []
    run_jobs(app)
    run_jobs(app)
    told = db.session.scalars(sa.select(Notification)).one()
    assert (told.kind, told.account_id) == (kind, member.account_id)
    assert word in told.subject["zh_Hans_CN"]
    assert "2 栋 1 单元 1502" in told.subject["zh_Hans_CN"]
    assert "Building 2" in told.subject["en"]
    assert told.url == f"/me/claims/{claim.public_id}"

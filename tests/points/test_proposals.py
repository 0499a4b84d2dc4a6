"""Much at once needs a second person: the queue, who decides, and what has gone stale."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import MemberState
from portal.points.errors import PointsError
from portal.points.models import Currency, Proposal, Transaction
from portal.points.models.currencies import ALONE
from portal.points.proposals import decide
from portal.points.terms import Why
from portal.points.waiting import counts, waiting_for
from tests.factories import make_follower, make_project, make_staff, sign_in
from tests.points.helpers import damage, earn, figures, reverse, spend
from tests.points.test_staff_pages import EN, adjust, place, text_of

__all__ = ["place"]
QUEUE = "/p/{0}/staff/points/proposals"


def queue_of(place: Any) -> str:
    """Return the address of the project's queue."""
    return QUEUE.format(place["project"].slug)


@pytest.fixture
def proposed(client: FlaskClient, place: Any) -> dict[str, Any]:
    """A proposal of 9,000 points by one of the staff, and its address."""
    assert adjust(client, place, points="9000").status_code == 303
    proposal = db.session.scalars(sa.select(Proposal)).one()
    return {**place, "proposal": proposal, "page": f"{queue_of(place)}/{proposal.public_id}"}


def decided(client: FlaskClient, proposed: Any, decision: str, **values: str) -> Any:
    """Send the decision as the account that is signed in."""
    data = {"decision": decision, **values}
    return client.post(proposed["page"], data=data, headers=EN)


def test_the_limit_is_what_the_club_says(client: FlaskClient, place: Any) -> None:
    earn(place["member"], 1)
    just = str(ALONE // 1000)
    assert adjust(client, place, points=just).status_code == 303
    assert figures(place["member"])[0] == ALONE + 1
    db.session.execute(sa.update(Currency).values(alone_limit=10_000))
    db.session.commit()
    assert adjust(client, place, points="10.001").status_code == 303
    assert figures(place["member"])[0] == ALONE + 1
    text = text_of(client, place["address"])
    assert "give and take 10 points a day for one member; 0 are left today" in text


def test_a_colleague_agrees_and_it_is_booked(client: FlaskClient, proposed: Any) -> None:
    assert figures(proposed["member"])[0] == 0
    assert "Your own proposal: a colleague decides." in text_of(client, proposed["page"])
    assert decided(client, proposed, "approve").status_code == 403
    sign_in(client, make_staff("manager", proposed["project"]))
    assert decided(client, proposed, "nonsense").status_code == 422
    assert "Available afterwards 9,000" in text_of(client, proposed["page"])
    assert decided(client, proposed, "approve").status_code == 303
    assert figures(proposed["member"])[0] == 9_000_000
    again = decided(client, proposed, "refuse", note="no")
    assert again.status_code == 409
    assert "A colleague has decided on this already." in again.text
    assert damage() == []


def test_nobody_agrees_to_their_own(client: FlaskClient, place: Any) -> None:
    manager = make_staff("manager", place["project"])
    sign_in(client, manager)
    adjust(client, place, points="9000")
    proposal = db.session.scalars(sa.select(Proposal)).one()
    page = f"{queue_of(place)}/{proposal.public_id}"
    answer = client.post(page, data={"decision": "approve"}, headers=EN)
    assert (answer.status_code, "This is your own proposal" in answer.text) == (409, True)
    assert figures(place["member"])[0] == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE points_proposal SET state = 'refused', decided_by_id = made_by_id",
        "UPDATE points_proposal SET state = 'refused'",
        "UPDATE points_proposal SET state = 'approved', decided_by_id = :other",
        "UPDATE points_proposal SET state = 'nonsense', decided_by_id = :other",
        "UPDATE points_proposal SET amount = amount + 1",
        "UPDATE points_proposal SET made_by_id = :other",
        "UPDATE points_proposal SET amount = 0",
        "UPDATE points_proposal SET kind = 'spend'",
        "UPDATE points_proposal SET kind = 'deduct'",
        "UPDATE points_proposal SET reverses_id = 1",
    ],
)
def test_the_database_holds_the_second_person_too(proposed: Any, statement: str) -> None:
    other = make_staff("manager", proposed["project"]).id
    values = {"other": other} if ":other" in statement else {}
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.text(statement), values)
    db.session.rollback()


def test_what_is_decided_stays_decided(client: FlaskClient, proposed: Any) -> None:
    sign_in(client, make_staff("manager", proposed["project"]))
    decided(client, proposed, "refuse", note="too much")
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(
            sa.text("UPDATE points_proposal SET state = 'proposed', decided_by_id = NULL")
        )
    db.session.rollback()


def test_the_guarded_update_decides_between_two(client: FlaskClient, proposed: Any) -> None:
    """Both have read the proposal as it waits: the update of one of them finds it decided."""
    first, second = (make_staff("manager", proposed["project"]) for _ in range(2))
    proposal, member = proposed["proposal"], proposed["member"]
    decide(actor=first, proposal=proposal, member=member, approve=False, note="no")
    db.session.commit()
    sa.orm.attributes.set_committed_value(proposal, "state", "proposed")
    with pytest.raises(PointsError, match="decided_already"):
        decide(actor=second, proposal=proposal, member=member, approve=True)
    db.session.rollback()
    assert figures(member)[0] == 0


def test_a_refusal_needs_a_reason_and_books_nothing(client: FlaskClient, proposed: Any) -> None:
    sign_in(client, make_staff("finance", proposed["project"]))
    answer = decided(client, proposed, "refuse")
    assert (answer.status_code, "Say why: your colleague reads it." in answer.text) == (422, True)
    assert decided(client, proposed, "refuse", note="x" * 501).status_code == 422
    assert decided(client, proposed, "refuse", note="once is enough").status_code == 303
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction)) == 0
    act = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "points.proposal_refused")
    ).one()
    assert act.reason == "once is enough"
    assert "once is enough" in text_of(client, proposed["page"])
    assert "once is enough" in text_of(client, f"{queue_of(proposed)}?state=refused")


def test_a_balance_that_is_too_small_by_now_is_said(client: FlaskClient, place: Any) -> None:
    earn(place["member"], 9_000_000)
    adjust(client, place, points="9000", kind="deduct")
    proposal = db.session.scalars(sa.select(Proposal)).one()
    proposed = {**place, "page": f"{queue_of(place)}/{proposal.public_id}"}
    spend(place["member"], 1)
    sign_in(client, make_staff("manager", place["project"]))
    assert "This cannot be booked any more" in text_of(client, proposed["page"])
    answer = decided(client, proposed, "approve")
    assert answer.status_code == 409
    assert "There are not that many points available." in answer.text
    assert figures(place["member"])[0] == 8_999_999
    assert damage() == []


def test_a_member_who_has_left_gets_nothing(client: FlaskClient, proposed: Any) -> None:
    proposed["member"].state = MemberState.LEFT
    db.session.commit()
    sign_in(client, make_staff("manager", proposed["project"]))
    assert "This member has left the club" in text_of(client, proposed["page"])
    assert decided(client, proposed, "approve").status_code == 409
    assert decided(client, proposed, "refuse", note="gone").status_code == 303


def test_the_queue_is_searched_filtered_and_counted(client: FlaskClient, proposed: Any) -> None:
    name = proposed["member"].name
    sign_in(client, make_staff("manager", proposed["project"]))
    desk = client.get(f"/p/{proposed['project'].slug}/staff/", headers=EN).text
    assert "Adjustments to decide" in desk
    page = queue_of(proposed)
    assert name in text_of(client, page)
    assert name in text_of(client, f"{page}?q={name[:1]}&kind=award")
    assert name in text_of(client, f"{page}?q={proposed['member'].card_number}")
    assert "No proposal matches" in text_of(client, f"{page}?kind=deduct")
    assert "No proposal matches" in text_of(client, f"{page}?q=%25")
    assert "No proposal is in this state" in text_of(client, f"{page}?state=approved")
    assert name in text_of(client, f"{page}?state=nonsense&kind=nonsense")
    decided(client, proposed, "approve")
    assert "Nothing waits for a second person" in text_of(client, page)


def test_another_projects_queue_is_its_own(client: FlaskClient, proposed: Any) -> None:
    other = make_project(slug="other")
    sign_in(client, make_staff("manager", other))
    assert client.get(proposed["page"]).status_code == 403
    address = QUEUE.format("other")
    assert proposed["member"].name not in text_of(client, address)
    assert client.get(f"{address}/{proposed['proposal'].public_id}").status_code == 404
    assert client.post(f"{address}/{proposed['proposal'].public_id}").status_code == 404


def test_what_waits_for_somebody_is_what_others_proposed_here(
    client: FlaskClient, proposed: Any
) -> None:
    project, proposal = proposed["project"], proposed["proposal"]
    manager, other = make_staff("manager", project), make_project(slug="siji")
    assert waiting_for(project.id, manager.id) == 1
    assert waiting_for(project.id, proposal.made_by_id) == 0
    assert waiting_for(other.id, manager.id) == 0
    assert (dict(counts(project.id)), dict(counts(other.id))) == ({"proposed": 1}, {})
    sign_in(client, manager)
    decided(client, proposed, "refuse", note="no")
    assert waiting_for(project.id, make_staff("manager", project).id) == 0


def test_who_may_only_read_sees_no_form(client: FlaskClient, proposed: Any) -> None:
    sign_in(client, make_staff("concierge", proposed["project"]))
    assert "Managers and finance decide." in text_of(client, proposed["page"])
    assert decided(client, proposed, "approve").status_code == 403
    sign_in(client, make_staff("moderator", proposed["project"]))
    assert client.get(proposed["page"]).status_code == 403


def test_a_large_line_is_taken_back_by_two(client: FlaskClient, place: Any) -> None:
    earned = earn(place["member"], 2 * ALONE, why=Why("birthday", project_id=place["project"].id))
    text = text_of(client, f"{place['address']}?back={earned.public_id}")
    assert "a colleague has to agree" in text
    address = f"{place['address']}/{earned.public_id}/back"
    assert client.post(address, data={"reason": "Twice"}, headers=EN).status_code == 303
    assert "Waits for a second person" in text_of(client, place["address"])
    again = client.post(address, data={"reason": "Twice"}, headers=EN)
    assert (again.status_code, "waits for a second person already" in again.text) == (422, True)
    proposal = db.session.scalars(sa.select(Proposal)).one()
    page = f"{queue_of(place)}/{proposal.public_id}"
    sign_in(client, make_staff("manager", place["project"]))
    assert "takes a line back" in text_of(client, queue_of(place))
    text = text_of(client, page)
    assert "Take a line back" in text
    assert "Birthday present" in text
    assert "Available afterwards" not in text
    assert client.post(page, data={"decision": "approve"}, headers=EN).status_code == 303
    assert figures(place["member"])[0] == 0
    assert "Agreed" in text_of(client, page)


def test_a_line_taken_back_meanwhile_is_said(client: FlaskClient, place: Any) -> None:
    earned = earn(place["member"], 2 * ALONE, why=Why("birthday", project_id=place["project"].id))
    address = f"{place['address']}/{earned.public_id}/back"
    client.post(address, data={"reason": "Twice"}, headers=EN)
    reverse(earned, amount=1)
    proposal = db.session.scalars(sa.select(Proposal)).one()
    page = f"{queue_of(place)}/{proposal.public_id}"
    sign_in(client, make_staff("manager", place["project"]))
    assert "This line is taken back already." in text_of(client, page)
    assert client.post(page, data={"decision": "approve"}, headers=EN).status_code == 409
    assert figures(place["member"])[0] == 2 * ALONE - 1


def test_the_queue_sends_few_statements(client: FlaskClient, place: Any, query_count: Any) -> None:
    for number in range(25):
        member = make_follower(place["project"])
        db.session.add(
            Proposal(
                member_id=member.id,
                project_id=place["project"].id,
                kind="award",
                amount=number + 1,
                reason="x",
                made_by_id=place["staff"].id,
            )
        )
    db.session.commit()
    sign_in(client, make_staff("manager", place["project"]))
    client.get(queue_of(place))
    with query_count() as sent:
        page = client.get(queue_of(place)).text
    assert len(sent) <= 8, "\n".join(sent.texts)
    assert 'rel="next"' in page

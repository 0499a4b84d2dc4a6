"""The staff's page of a member's points: reading, adjusting, taking back, two people."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.points.terms import Why
from tests.factories import make_follower, make_project, make_staff, sign_in
from tests.points.helpers import damage, earn, figures, spend

EN = {"Accept-Language": "en"}


@pytest.fixture
def place(client: FlaskClient) -> dict[str, Any]:
    """A project, a member of it, and a member of its staff who is signed in."""
    project = make_project()
    member = make_follower(project)
    staff = make_staff("staff", project, display_name="苏静")
    sign_in(client, staff)
    address = f"/p/{project.slug}/staff/members/{member.public_id}/points"
    return {"project": project, "member": member, "staff": staff, "address": address}


def text_of(client: FlaskClient, address: str) -> str:
    """Return a page's words, in English."""
    answer = client.get(address, headers=EN)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def adjust(client: FlaskClient, place: dict[str, Any], **values: str) -> Any:
    """Send the form."""
    values = {"kind": "award", "points": "100", "reason": "helped at the fair", **values}
    values.setdefault("idempotency_key", f"key-{len(values)}-{hash(str(values)) % 10**12:012d}")
    return client.post(f"{place['address']}/adjust", data=values, headers=EN)


def test_a_ledger_without_lines_says_so(client: FlaskClient, place: Any) -> None:
    assert "No line here yet" in text_of(client, place["address"])


def test_points_are_given_with_a_reason_that_the_owner_reads(
    client: FlaskClient, place: Any
) -> None:
    answer = adjust(client, place, points="12.5")
    assert answer.status_code == 303
    assert figures(place["member"])[0] == 12_500
    text = text_of(client, place["address"])
    assert "Given by the club The club's reason: helped at the fair" in text.replace("&#39;", "'")
    acts = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "points.awarded")
    ).all()
    assert [(act.actor_id, act.facts["amount"]) for act in acts] == [(place["staff"].id, 12_500)]
    sign_in(client, place["member"])
    assert "helped at the fair" in client.get("/me/points").text
    assert damage() == []


def test_the_same_form_sent_twice_gives_points_once(client: FlaskClient, place: Any) -> None:
    for _ in range(2):
        assert adjust(client, place, idempotency_key="k" * 24).status_code == 303
    assert figures(place["member"])[0] == 100_000


@pytest.mark.parametrize("points", ["", "0", "-5", "abc", "0.0001", "1e20", "NaN", "١٢٣٤٥٦٧٨٩٠١٢٣"])
def test_bad_amounts_keep_what_was_typed(client: FlaskClient, place: Any, points: str) -> None:
    answer = adjust(client, place, points=points, reason="because <b>")
    assert answer.status_code == 422
    assert "because &lt;b&gt;" in answer.text
    assert figures(place["member"])[0] == 0


def test_a_reason_is_needed(client: FlaskClient, place: Any) -> None:
    assert adjust(client, place, reason="").status_code == 422
    assert adjust(client, place, reason="x" * 501).status_code == 422
    assert adjust(client, place, kind="steal").status_code == 422


def test_no_more_is_taken_than_is_there(client: FlaskClient, place: Any) -> None:
    earn(place["member"], 50_000)
    answer = adjust(client, place, kind="deduct", points="50.001")
    assert answer.status_code == 422
    assert "There are not that many points available." in answer.text
    assert adjust(client, place, kind="deduct", points="50").status_code == 303
    assert figures(place["member"])[0] == 0
    assert damage() == []


def test_a_line_is_taken_back_with_a_reason(client: FlaskClient, place: Any) -> None:
    earn(place["member"], 50_000)
    spent = spend(place["member"], 20_000, why=Why("test", project_id=place["project"].id))
    page = client.get(f"{place['address']}?back={spent.public_id}", headers=EN)
    assert "Take back: Points used −20" in page.text
    address = f"{place['address']}/{spent.public_id}/back"
    assert client.post(address, data={"reason": ""}).status_code == 422
    done = client.post(address, data={"reason": "wrong", "idempotency_key": "b" * 24})
    assert done.status_code == 303
    assert figures(place["member"])[0] == 50_000
    again = client.post(address, data={"reason": "wrong", "idempotency_key": "c" * 24})
    assert again.status_code == 422
    assert damage() == []


def test_who_may_only_read_sees_no_forms(client: FlaskClient, place: Any) -> None:
    earned = earn(place["member"], 50_000)
    sign_in(client, make_staff("concierge", place["project"]))
    text = text_of(client, f"{place['address']}?back={earned.public_id}")
    assert "Points earned" in text
    assert "Adjust by hand" not in text
    assert "Take back" not in text
    assert adjust(client, place).status_code == 403
    address = f"{place['address']}/{earned.public_id}/back"
    assert client.post(address, data={"reason": "x"}).status_code == 403
    sign_in(client, make_staff("moderator", place["project"]))
    assert client.get(place["address"]).status_code == 403


def test_lines_of_others_are_not_found(client: FlaskClient, place: Any) -> None:
    stranger = earn(make_follower(make_project(slug="other")), 1_000)
    neighbour = earn(make_follower(place["project"]), 1_000)
    for posting in (stranger, neighbour):
        address = f"{place['address']}/{posting.public_id}/back"
        assert client.post(address, data={"reason": "x"}).status_code == 404


def test_the_page_sends_few_statements(client: FlaskClient, place: Any, query_count: Any) -> None:
    for _ in range(25):
        earn(place["member"], 1_000)
    client.get(place["address"])
    with query_count() as sent:
        assert client.get(place["address"]).status_code == 200
    assert len(sent) <= 8, "\n".join(sent.texts)

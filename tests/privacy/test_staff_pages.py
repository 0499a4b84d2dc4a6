"""The staff's pages: asking for somebody, the second person, the list, the terms."""

import csv
import io

import pytest
import sqlalchemy as sa

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.privacy import service
from portal.privacy.models import PrivacyRequest, PrivacySettings, RequestState
from portal.privacy.queries import current_terms
from tests.factories import make_follower, make_member, make_project, make_staff, sign_in

START = {"reason": "letter", "note": "来函 12 号，已核对"}


@pytest.fixture
def desk(client, world):
    return sign_in(client, make_staff("manager", world.project))


@pytest.fixture
def centre(app, world):
    return sign_in(app.test_client(), make_staff("centre", display_name="方芸"))


def start_of(world):
    return f"/p/binjiang/staff/members/{world.member.public_id}/erasure"


def the_request():
    return db.session.scalar(sa.select(PrivacyRequest))


def test_asked_at_the_desk_and_confirmed_in_the_centre(desk, centre, world, query_count):
    assert start_of(world) in desk.get(f"/p/binjiang/staff/members/{world.member.public_id}").text
    page = desk.get(start_of(world))
    assert page.status_code == 200
    assert "欧阳小鹿" in page.text
    assert desk.post(start_of(world), data=START).status_code == 303
    request = the_request()
    assert request.state == RequestState.AWAITING
    page = f"/centre/privacy/{request.public_id}"
    with query_count() as sent:
        assert "来函 12 号" in centre.get(page).text
    assert len(sent) <= 8
    assert centre.post(f"{page}/confirm").status_code == 303
    assert the_request().state == RequestState.WAITING
    # A second click names the state in which it is now.
    again = centre.post(f"{page}/confirm")
    assert again.status_code == 409
    assert "等待期" in again.text
    assert desk.post(start_of(world), data=START).status_code == 422


def test_what_was_typed_stays_in_a_refused_form(desk, world):
    answer = desk.post(start_of(world), data={"note": "来函十二号在此"})
    assert answer.status_code == 422
    assert "来函十二号在此" in answer.text
    assert the_request() is None


def test_nobody_confirms_what_they_asked_for(app, client, world):
    both = make_staff("centre")
    client = sign_in(client, both)
    assert client.post(start_of(world), data=START).status_code == 303
    page = f"/centre/privacy/{the_request().public_id}"
    assert "confirm" not in client.get(page).text
    assert client.post(f"{page}/confirm").status_code == 409
    assert the_request().state == RequestState.AWAITING


def test_staff_stop_an_erasure_with_a_reason(centre, world):
    service.request_erasure(actor=world.account, member=world.member)
    db.session.commit()
    page = f"/centre/privacy/{the_request().public_id}"
    assert centre.post(f"{page}/stop", data={"note": "x"}).status_code == 422
    data = {"reason": "changed_mind", "note": "会员来电"}
    assert centre.post(f"{page}/stop", data=data).status_code == 303
    assert the_request().state == RequestState.CANCELLED
    assert centre.post(f"{page}/stop", data=data).status_code == 409


def test_the_member_sees_and_cancels_what_staff_asked_for(desk, app, world):
    desk.post(start_of(world), data=START)
    owner = sign_in(app.test_client(), world.member)
    cancel = f"/me/privacy/requests/{the_request().public_id}/cancel"
    page = owner.get("/me/privacy").text
    assert cancel in page
    assert "来函" not in page
    assert owner.post(cancel).status_code == 303
    assert the_request().state == RequestState.CANCELLED
    assert owner.post(cancel).status_code == 409


def test_the_owner_asks_and_reads_what_goes(app, world, query_count):
    owner = sign_in(app.test_client(), world.member)
    page = owner.get("/me/privacy/erase").text
    assert "欧阳小鹿" in page
    with query_count() as sent:
        owner.get("/me/privacy")
    assert len(sent) <= 8
    assert owner.post("/me/privacy/erase").status_code == 422
    assert owner.post("/me/privacy/erase", data={"understood": "y"}).status_code == 303
    assert the_request().state == RequestState.WAITING
    # Sent once more, it is still one.
    assert owner.post("/me/privacy/erase", data={"understood": "y"}).status_code == 303
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PrivacyRequest)) == 1


def test_the_list_is_filtered_paged_and_exported(centre, world, query_count):
    for number in range(25):
        member = make_member(name=f"会员{number:02d}")
        service.request_erasure(actor=world.account, member=member)
    service.request_export(actor=world.account, member=world.member, language="en")
    db.session.commit()
    with query_count() as sent:
        first = centre.get("/centre/privacy?kind=erasure&state=open").text
    assert len(sent) <= 8
    assert first.count("会员") >= 20
    assert 'rel="next"' in first
    assert "欧阳静怡" not in first
    assert "欧阳静怡" in centre.get("/centre/privacy?kind=export").text
    assert "筛选" in centre.get("/centre/privacy?state=done").text
    assert centre.get("/centre/privacy?kind=x&state=y").status_code == 200
    answer = centre.post("/centre/privacy/export.csv?kind=export")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    answer.close()
    assert [row[2] for row in rows[1:]] == ["欧阳静怡"]
    assert centre.post("/centre/privacy/export.exe").status_code == 404
    actions = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert "privacy.list_exported" in actions


def test_others_do_not_enter(app, world):
    other = make_project(slug="elsewhere")
    service.request_erasure(actor=world.account, member=world.member)
    db.session.commit()
    page = f"/centre/privacy/{the_request().public_id}"
    for role, project in (
        ("staff", world.project), ("finance", world.project), ("auditor", world.project),
        ("manager", other), ("leader", None),
    ):  # fmt: skip
        visitor = sign_in(app.test_client(), make_staff(role, project))
        for path in ("/centre/privacy", page, "/centre/privacy/terms", start_of(world)):
            assert visitor.get(path).status_code == 403, (role, path)
        assert visitor.post(f"{page}/stop").status_code == 403
    manager = sign_in(app.test_client(), make_staff("manager", world.project))
    stranger = make_follower(other, name="赵六")
    path = f"/p/binjiang/staff/members/{stranger.public_id}/erasure"
    assert manager.get(path).status_code == 404
    assert manager.post(path, data=START).status_code == 404


def test_terms_are_checked_kept_and_recorded(centre, world):
    page = centre.get("/centre/privacy/terms")
    assert page.status_code == 200
    days = dict(current_terms().days)
    data = {"waiting_days": "14", **{f"days_{key}": str(value) for key, value in days.items()}}
    assert (
        centre.post("/centre/privacy/terms", data=data | {"waiting_days": "0"}).status_code == 422
    )
    assert (
        centre.post("/centre/privacy/terms", data=data | {"waiting_days": "x"}).status_code == 422
    )
    wrong = data | {"days_sign_ins": "1"}
    assert centre.post("/centre/privacy/terms", data=wrong).status_code == 422
    huge = data | {"days_sign_ins": "9" * 30}
    assert centre.post("/centre/privacy/terms", data=huge).status_code == 422
    assert db.session.get(PrivacySettings, 1) is None
    data["days_sign_ins"] = "365"
    assert centre.post("/centre/privacy/terms", data=data).status_code == 303
    assert current_terms().waiting_days == 14
    assert current_terms().days["sign_ins"] == 365
    entry = db.session.scalar(
        sa.select(AuditEntry).where(AuditEntry.action == "privacy.terms_changed")
    )
    assert entry.facts == {"waiting_days": 14, "sign_ins": 365}

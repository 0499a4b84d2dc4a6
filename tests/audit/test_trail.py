"""Reading the audit trail: whose, which, when; as a page and as a file."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from markupsafe import escape
from python_calamine import CalamineWorkbook

from portal.audit import checking, sealing
from portal.audit.models import AuditEntry
from portal.extensions import db
from tests.factories import (
    add,
    make_account,
    make_member,
    make_owner,
    make_project,
    make_staff,
    sign_in,
)

TRAIL = "/p/binjiang/staff/audit"


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def manager(client, project):
    return sign_in(client, make_staff("manager", project))


def act(project, *, reason, action="member.corrected", actor=None, subject="k" * 22, **values):
    return add(
        AuditEntry(
            action=action,
            actor_id=actor and actor.id,
            project_id=project and project.id,
            subject_kind=values.pop("kind", "member"),
            subject_key=subject,
            reason=reason,
            **values,
        )
    )


def test_a_project_sees_its_own_acts_only(manager, project):
    act(project, reason="这里的")
    act(make_project(slug="siji"), reason="别处的")
    act(None, reason="全会的")
    page = manager.get(TRAIL).text
    assert "这里的" in page
    assert "别处的" not in page
    assert "全会的" not in page


def test_the_club_sees_all_acts(client, project):
    act(project, reason="这里的")
    act(None, reason="全会的")
    sign_in(client, make_staff("centre"))
    page = client.get("/centre/audit").text
    assert "这里的" in page
    assert "全会的" in page
    assert "滨江府" in page


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ({"action": "member.corrected"}, {"甲事"}),
        ({"actor": "周"}, {"甲事"}),
        ({"actor": "zhou@example.test"}, {"甲事"}),
        ({"actor": "%"}, set()),
        ({"subject": "s" * 22}, {"乙事"}),
        ({"from": "2024-03-02"}, {"乙事"}),
        ({"to": "2024-03-01"}, {"甲事"}),
        ({"from": "2024-03-01", "to": "2024-03-02"}, {"甲事", "乙事"}),
        ({"from": "", "to": "9999-12-31"}, {"甲事", "乙事"}),
        ({"from": "9999-12-31"}, set()),
        ({"to": "0001-01-01"}, set()),
        ({"from": "0001-01-01"}, {"甲事", "乙事"}),
        ({"action": "no.such"}, set()),
    ],
)
def test_filters(manager, project, args, shown):
    zhou = make_account(display_name="周岚", email="zhou@example.test")
    # 23:30 and 00:30 in the project's zone, Asia/Shanghai
    act(project, reason="甲事", actor=zhou, created_at=datetime(2024, 3, 1, 15, 30, tzinfo=UTC))
    act(
        project,
        reason="乙事",
        action="members.exported",
        subject="s" * 22,
        created_at=datetime(2024, 3, 1, 16, 30, tzinfo=UTC),
    )
    page = manager.get(TRAIL, query_string=args).text
    assert {reason for reason in ("甲事", "乙事") if reason in page} == shown


@pytest.mark.parametrize("field", ["from", "to"])
@pytest.mark.parametrize("text", ["nonsense", "2024-02-30", "30.4.2024", '"><script>', "x" * 900])
def test_what_is_no_day_is_said_and_not_taken_for_all(manager, project, field, text):
    act(project, reason="甲事")
    english = {"Accept-Language": "en"}
    answer = manager.get(TRAIL, query_string={field: text, "actor": "zh"}, headers=english)
    assert answer.status_code == 422
    assert "is no day" in answer.text
    assert f'aria-describedby="{field}-error"' in answer.text
    assert 'value="zh"' in answer.text
    assert str(escape(text[:60])) in answer.text
    assert "甲事" not in answer.text
    assert manager.post(f"{TRAIL}/export.csv?{field}=nonsense").status_code == 400
    assert db.session.scalars(sa.select(AuditEntry.action)).all() == ["member.corrected"]


def test_a_members_name_is_shown_for_its_key(manager, project):
    member = make_owner(project, name="林晓芸")
    act(project, reason="甲事", subject=member.public_id)
    assert "林晓芸" in manager.get(TRAIL).text


def test_pages_go_back_in_time_and_statements_stay_constant(manager, project, query_count):
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(60):
        act(project, reason=f"事{number:03d}", created_at=start + timedelta(minutes=number // 2))
    with query_count() as sent:
        first = manager.get(TRAIL).text
    assert len(sent) <= 8
    link = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = manager.get(link).text
    seen = [n for n in range(60) if f"事{n:03d}" in first or f"事{n:03d}" in second]
    assert seen == list(range(60))
    assert not [n for n in range(60) if f"事{n:03d}" in first and f"事{n:03d}" in second]


def test_export_has_the_filtered_rows_and_is_audited(manager, project, monkeypatch):
    monkeypatch.setattr("portal.staff.audit_views._BATCH", 2)
    for number in range(5):
        act(project, reason=f"=事{number}", facts={"number": number})
    act(project, reason="别的", action="members.exported")
    answer = manager.post(f"{TRAIL}/export.csv", query_string={"action": "member.corrected"})
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    answer.close()
    assert [row[-1] for row in rows[1:]] == [f"'=事{number}" for number in range(4, -1, -1)]
    entry = db.session.scalar(sa.select(AuditEntry).where(AuditEntry.action == "audit.exported"))
    assert (entry.project_id, entry.facts) == (
        project.id,
        {"format": "csv", "filtered_by": ["action"]},
    )


def test_export_as_a_workbook_and_as_nothing_else(manager, project):
    act(project, reason="甲事")
    answer = manager.post(f"{TRAIL}/export.xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0)
    answer.close()
    assert sheet.to_python()[-1][-1] == "甲事"
    assert manager.post(f"{TRAIL}/export.pdf").status_code == 404


def test_the_page_tells_how_the_seals_stand(manager, project):
    act(project, reason="甲事")
    assert "尚无" in manager.get(TRAIL).text
    sealing.seal_entries()
    db.session.commit()
    assert sealing.newest_seal().digest in manager.get(TRAIL).text
    checking.note_check(found=checking.verify())
    db.session.commit()
    assert "全部吻合" in manager.get(TRAIL).text
    damage = checking.Damage("entry_changed", 1, 1)
    checking.note_check(found=checking.Verification(damage=damage))
    db.session.commit()
    assert "与封存不符" in manager.get(TRAIL).text


def test_an_auditor_has_a_desk_that_leads_to_the_trail(client, project):
    act(project, reason="甲事")
    sign_in(client, make_staff("auditor", project))
    assert client.get("/").location == "/staff/"
    assert client.get("/staff/").location == "/p/binjiang/staff/"
    desk = client.get("/p/binjiang/staff/").text
    assert TRAIL in desk
    assert "/p/binjiang/staff/members" not in desk
    assert "甲事" in client.get(TRAIL).text
    assert client.get("/p/binjiang/staff/members").status_code == 403
    assert client.get("/centre/audit").status_code == 403


def test_staff_and_owners_do_not_read_the_trail(client, project):
    for person in (make_staff("staff", project), make_staff("finance", project), make_member()):
        sign_in(client, person)
        assert client.get(TRAIL).status_code == 403
        assert client.post(f"{TRAIL}/export.csv").status_code == 403
        assert client.get("/centre/audit").status_code == 403


def test_a_manager_of_another_project_does_not_read_the_trail(client, project):
    sign_in(client, make_staff("manager", make_project(slug="siji")))
    assert client.get(TRAIL).status_code == 403
    assert client.post("/centre/audit/export.csv").status_code == 403

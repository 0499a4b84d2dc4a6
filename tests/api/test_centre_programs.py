"""The group centre by program: webhooks, jobs, roles, settings, plugins, lists as files."""

import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.audit.models import AuditEntry
from portal.club.models import LegalKind
from portal.club.queries import current_legal_texts
from portal.extensions import db
from portal.jobs.models import JobRow, JobState
from portal.tokens.service import open_sign_in
from portal.webhooks.models import WebhookDelivery
from tests import factories

ADDRESS = "https://hooks.example.com/in"


@pytest.fixture
def boss(call: Any) -> Any:
    """An administrator's program."""
    return call(factories.make_staff("administrator"))


def acts() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_webhook_is_paused_resumed_tried_and_given_a_new_secret(boss: Any) -> None:
    wish = {"name": "CRM", "address": ADDRESS, "kinds": ["claim.decided"]}
    made = boss("POST", "/centre/webhooks", wish).json
    one = f"/centre/webhooks/{made['id']}"
    assert boss("POST", f"{one}/resume").json["state"] == "active"
    assert boss("POST", f"{one}/pause").json["state"] == "paused"
    assert boss("POST", f"{one}/resume").json["state"] == "active"
    sent = boss("POST", f"{one}/test")
    assert sent.status_code == 202
    [told] = boss("GET", f"{one}/deliveries").json["items"]
    assert (told["id"], told["state"]) == (sent.json["delivery"], "waiting")
    again = boss("POST", f"{one}/deliveries/{told['id']}/again")
    assert (again.status_code, again.json["state"]) == (409, "waiting")
    db.session.execute(sa.update(WebhookDelivery).values(state="failed"))
    db.session.commit()
    assert boss("POST", f"{one}/deliveries/{told['id']}/again").status_code == 204
    rotated = boss("POST", f"{one}/rotate").json
    assert rotated["secret"] != made["secret"]
    assert "secret" not in boss("GET", one).json
    file = boss("POST", f"{one}/deliveries/export.csv")
    assert (file.status_code, file.content_type) == (200, "text/csv; charset=utf-8")
    assert boss("POST", "/centre/webhooks/none/pause").status_code == 404


def test_jobs_are_listed_tried_again_and_given_up(boss: Any) -> None:
    rows = [
        factories.add(
            JobRow(
                kind="toys.break",
                payload={},
                state=JobState.FAILED,
                due_at=clock.now(),
                finished_at=clock.now(),
                error="ZeroDivisionError",
            )
        )
        for _ in range(3)
    ]
    first, second, _third = (row.public_id for row in rows)
    listed = boss("GET", "/centre/jobs?state=failed&q=break&limit=2").json
    assert len(listed["items"]) == 2
    assert listed["next"]
    assert boss("GET", f"/centre/jobs/{first}").json["error"] == "ZeroDivisionError"
    assert boss("POST", f"/centre/jobs/{first}/retry").json["state"] == "waiting"
    moved = boss("POST", f"/centre/jobs/{first}/retry")
    assert (moved.status_code, moved.json["state"]) == (409, "waiting")
    assert boss("POST", f"/centre/jobs/{first}/cancel").json["state"] == "cancelled"
    assert boss("POST", "/centre/jobs/retry", {"kind": "toys.break"}).json == {"jobs": 2}
    assert boss("GET", f"/centre/jobs/{second}").json["state"] == "waiting"
    counts = {
        each["state"]: each["jobs"] for each in boss("GET", "/centre/jobs/standing").json["counts"]
    }
    assert counts["failed"] == 0


def test_a_role_is_changed_within_what_the_caller_holds(call: Any, boss: Any) -> None:
    path = "/centre/roles/permissions/concierge/members.export"
    assert "members.export" in boss("PUT", path, {"allowed": True}).json["permissions"]
    assert "members.export" in boss("PUT", path, {"allowed": True}).json["permissions"]
    assert "members.export" not in boss("PUT", path, {"allowed": False}).json["permissions"]
    fixed = "/centre/roles/permissions/administrator/members.export"
    assert boss("PUT", fixed, {"allowed": False}).status_code == 422
    for nothing in ("nobody/members.export", "concierge/nothing"):
        answer = boss("PUT", f"/centre/roles/permissions/{nothing}", {"allowed": True})
        assert answer.status_code == 404
    assert acts().count("role.changed") == 2
    account = factories.make_staff("administrator")
    _row, token = open_sign_in(
        account=account,
        method="code",
        second_factor=True,
        name="tests",
        network="tests",
        scopes=["roles.edit"],
    )
    db.session.commit()
    narrow = call(token=token)("PUT", path, {"allowed": True})
    assert (narrow.status_code, narrow.json["type"].rpartition(":")[2]) == (422, "beyond_own")


def test_the_clubs_settings_are_changed_by_the_pages_rules(app: Flask, boss: Any) -> None:
    path = "/centre/club"
    before = boss("GET", path).json
    changed = boss("PATCH", path, {"contact_phone": "0571-8888 0000"})
    assert changed.status_code == 200, changed.text
    assert changed.json == {**before, "contact_phone": "0571-8888 0000"}
    pale = boss("PATCH", path, {"brand_color": "#ffff00"})
    assert (pale.status_code, pale.json["errors"].keys()) == (422, {"brand_color"})
    nameless = boss("PATCH", path, {"name": {"en": "Club"}})
    assert nameless.status_code == 422
    picture = {"data": {"logo": factories.photo()}, "content_type": "multipart/form-data"}
    assert boss("PUT", f"{path}/logo", **picture).json["has_logo"] is True
    broken = {"data": {"logo": (io.BytesIO(b"x"), "x.png")}, "content_type": "multipart/form-data"}
    assert boss("PUT", f"{path}/logo", **broken).status_code == 422
    assert boss("DELETE", f"{path}/logo").status_code == 204
    assert boss("GET", path).json["has_logo"] is False


def test_a_legal_text_is_published_over_the_one_it_was_written_from(boss: Any) -> None:
    found = current_legal_texts().get(LegalKind.TERMS)
    version = found.version if found else 0
    wish = {"body": {"zh_Hans_CN": "新的条款"}, "after": version}
    made = boss("POST", "/centre/club/legal/terms", wish)
    assert (made.status_code, made.json["version"]) == (201, version + 1)
    late = boss("POST", "/centre/club/legal/terms", wish)
    assert (late.status_code, late.json["type"].rpartition(":")[2]) == (409, "superseded")
    same = boss("POST", "/centre/club/legal/terms", {**wish, "after": version + 1})
    assert same.status_code == 422


def test_a_projects_settings_are_changed_and_a_project_is_added(call: Any, boss: Any) -> None:
    own = factories.make_project(slug="own")
    factories.make_project(slug="other")
    desk = call(factories.make_staff("manager", own))
    path = "/p/own/staff/settings"
    before = desk("GET", path).json
    wish = {"welcome": {"zh_Hans_CN": "欢迎回家"}, "opened_on": "2024-05-01"}
    changed = desk("PATCH", path, wish)
    assert changed.json == {**before, **wish}
    assert desk("PATCH", path, {"time_zone": "Mars/Olympus"}).status_code == 422
    assert desk("PATCH", path, {"name": {}}).status_code == 422
    assert desk("PATCH", "/p/other/staff/settings", wish).status_code == 403
    project = {"slug": "riverside", "name": {"zh_Hans_CN": "江畔"}}
    assert desk("POST", "/centre/projects", project).status_code == 403
    assert boss("POST", "/centre/projects", project).status_code == 201
    again = boss("POST", "/centre/projects", project)
    assert (again.status_code, again.json["errors"].keys()) == (422, {"slug"})


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_lists_are_sent_as_files_to_who_may_export_them(call: Any, boss: Any, kind: str) -> None:
    own = factories.make_project(slug="own")
    factories.make_owner(own, name="王一")
    staff = call(factories.make_staff("staff", own))
    for path in (
        "/p/own/staff/members",
        "/p/own/staff/homes",
        "/p/own/staff/audit",
        "/centre/audit",
        "/centre/jobs",
        "/centre/privacy",
    ):
        file = boss("POST", f"{path}/export.{kind}")
        assert file.status_code == 200, (path, file.text)
        assert file.headers["Content-Disposition"].startswith("attachment")
    assert staff("POST", f"/p/own/staff/members/export.{kind}").status_code == 403
    assert boss("POST", "/p/own/staff/members/export.pdf").status_code == 405
    assert {"members.exported", "audit.exported", "homes.exported"} <= set(acts())
    csv = boss("POST", "/p/own/staff/members/export.csv?q=nobody")
    assert "王一" not in csv.get_data(as_text=True)
    assert "王一" in boss("POST", "/p/own/staff/members/export.csv").get_data(as_text=True)

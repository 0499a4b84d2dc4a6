"""Adding a project on the centre's page."""

import pytest
import sqlalchemy as sa

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.permissions.roles import RoleName
from portal.projects.models import Project
from tests.factories import make_project, make_staff, sign_in

TYPED = {
    "slug": " Hupan ",
    "name_zh_Hans_CN": "湖畔",
    "city_zh_Hans_CN": "武汉",
    "opened_on": "2026-03-01",
    "time_zone": "Asia/Shanghai",
}


@pytest.fixture
def administrator(client):
    account = make_staff(RoleName.ADMINISTRATOR)
    sign_in(client, account)
    return account


def test_an_administrator_adds_a_project(client, administrator):
    answer = client.post("/centre/projects/new", data=TYPED)
    assert (answer.status_code, answer.location) == (303, "/p/hupan/staff/")
    project = db.session.scalars(sa.select(Project)).one()
    assert (project.slug, project.name, project.city) == (
        "hupan",
        {"zh_Hans_CN": "湖畔"},
        {"zh_Hans_CN": "武汉"},
    )
    assert client.get("/p/hupan/staff/").status_code == 200
    assert "/p/hupan/" in client.get("/projects").text


def test_the_audit_trail_names_who_added_it(client, administrator):
    client.post("/centre/projects/new", data=TYPED)
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "project.created")
    ).one()
    assert entry.actor_id == administrator.id


@pytest.mark.parametrize("slug", ["", "a", "1st", "湖畔", "with space", "a/b", "-dash", "x" * 41])
def test_a_bad_address_is_refused_and_the_rest_kept(client, administrator, slug):
    answer = client.post("/centre/projects/new", data=TYPED | {"slug": slug})
    assert answer.status_code == 422
    assert "湖畔" in answer.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Project)) == 0


def test_an_address_is_given_once(client, administrator):
    make_project(slug="hupan")
    answer = client.post("/centre/projects/new", data=TYPED)
    assert answer.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Project)) == 1


def test_a_manager_of_one_project_adds_none(client):
    project = make_project()
    sign_in(client, make_staff(RoleName.MANAGER, project))
    assert client.get("/centre/projects/new").status_code == 403
    assert client.post("/centre/projects/new", data=TYPED).status_code == 403

"""Giving and taking roles, and the matrix of what they may do."""

import threading

import pytest
import sqlalchemy as sa

from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.permissions.models import RoleChange, RoleGrant
from portal.permissions.queries import rights_of
from portal.permissions.service import RoleError, change_role, grant_role, revoke_role
from tests.factories import add, make_account, make_member, make_project, make_staff, sign_in

ROLES = "/centre/roles"


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def administrator(app):
    return make_staff("administrator", display_name="吴桐")


@pytest.fixture
def admin(client, administrator):
    return sign_in(client, administrator)


@pytest.fixture
def person(app):
    return make_account(phone="+8613900001111", email="zhou@example.test", display_name="周岚")


def live():
    rows = db.session.execute(
        sa.select(RoleGrant.role, RoleGrant.project_id).where(RoleGrant.revoked_at.is_(None))
    )
    return {tuple(row) for row in rows}


@pytest.mark.parametrize("who", ["139 0000 1111", "+8613900001111", "ZHOU@example.test"])
def test_find_an_account_and_give_it_a_role_in_a_project(admin, person, project, who):
    answer = admin.post(f"{ROLES}/find", data={"who": who})
    page = f"{ROLES}/accounts/{person.public_id}"
    assert answer.location == page
    assert "13900001111" not in admin.get(page).text
    given = admin.post(page, data={"role": "staff", "project": project.public_id})
    assert given.status_code == 303
    assert rights_of(person.id).allows("members.view", project.id)
    assert not rights_of(person.id).allows("members.view", None)
    listed = admin.get(ROLES).text
    assert "周岚" in listed
    assert "滨江府" in listed


def test_give_a_role_for_the_club(admin, person):
    admin.post(f"{ROLES}/accounts/{person.public_id}", data={"role": "centre", "project": "-"})
    assert ("centre", None) in live()


@pytest.mark.parametrize("who", ["", "nobody@example.test", "12", "x" * 5000, "13900002222"])
def test_an_unknown_account_is_said(admin, who):
    answer = admin.post(f"{ROLES}/find", data={"who": who})
    assert answer.location == ROLES


@pytest.mark.parametrize(
    "data",
    [
        {"role": "king", "project": "-"},
        {"role": "staff", "project": "1"},
        {"role": "", "project": ""},
    ],
)
def test_a_forged_role_or_project_is_refused(admin, person, data):
    answer = admin.post(f"{ROLES}/accounts/{person.public_id}", data=data)
    assert answer.status_code == 422
    assert live() == {("administrator", None)}


def test_giving_a_role_twice_is_refused(admin, person):
    page = f"{ROLES}/accounts/{person.public_id}"
    admin.post(page, data={"role": "leader", "project": "-"})
    assert admin.post(page, data={"role": "leader", "project": "-"}).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(RoleGrant.id))) == 2


def test_take_a_role_away_after_a_question(admin, administrator, project):
    staff = make_staff("staff", project)
    grant = db.session.scalar(sa.select(RoleGrant).where(RoleGrant.account_id == staff.id))
    page = f"{ROLES}/{grant.public_id}/revoke"
    assert admin.get(page).status_code == 200
    assert ("staff", project.id) in live()
    assert admin.post(page).status_code == 303
    assert ("staff", project.id) not in live()
    assert admin.post(page).status_code == 404
    entry = db.session.scalar(sa.select(AuditEntry).where(AuditEntry.action == "role.revoked"))
    assert (entry.actor_id, entry.subject_key, entry.project_id) == (
        administrator.id,
        staff.public_id,
        project.id,
    )


def test_the_last_administrator_stays(admin):
    grant = db.session.scalar(sa.select(RoleGrant))
    admin.post(f"{ROLES}/{grant.public_id}/revoke")
    assert live() == {("administrator", None)}


def test_an_administrator_may_go_when_there_is_another(admin, administrator):
    grant = db.session.scalar(sa.select(RoleGrant))
    make_staff("administrator")
    admin.post(f"{ROLES}/{grant.public_id}/revoke")
    assert rights_of(administrator.id).club == frozenset()


def test_two_administrators_cannot_take_each_others_role_at_once(app, administrator):
    other = make_staff("administrator")
    grants = db.session.scalars(sa.select(RoleGrant).order_by(RoleGrant.id)).all()
    pairs = [(administrator.id, grants[1].id), (other.id, grants[0].id)]
    db.session.rollback()
    barrier, outcomes = threading.Barrier(2), []

    def take(actor_id, grant_id):
        with app.app_context():
            barrier.wait()
            try:
                revoke_role(
                    actor=db.session.get_one(Account, actor_id),
                    grant=db.session.get_one(RoleGrant, grant_id),
                )
                db.session.commit()
                outcomes.append("taken")
            except RoleError as error:
                db.session.rollback()
                outcomes.append(error.args[0])
            finally:
                db.session.remove()

    threads = [threading.Thread(target=take, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(live()) == 1
    assert outcomes.count("taken") == 1


def let_centre_edit_roles():
    add(RoleChange(role="centre", permission="roles.edit", allowed=True))


def test_nobody_gives_what_they_may_not_do_themselves(client, person, project, administrator):
    let_centre_edit_roles()
    sign_in(client, make_staff("centre"))
    page = f"{ROLES}/accounts/{person.public_id}"
    for role in ("administrator", "manager", "staff"):
        assert client.post(page, data={"role": role, "project": "-"}).status_code == 422
    assert client.post(page, data={"role": "concierge", "project": "-"}).status_code == 303
    assert live() == {("administrator", None), ("centre", None), ("concierge", None)}


def test_nobody_takes_a_role_beyond_their_own(client, administrator):
    make_staff("administrator")
    let_centre_edit_roles()
    sign_in(client, make_staff("centre"))
    for grant in db.session.scalars(sa.select(RoleGrant).where(RoleGrant.role == "administrator")):
        client.post(f"{ROLES}/{grant.public_id}/revoke")
    assert ("administrator", None) in live()
    assert (
        db.session.scalar(
            sa.select(sa.func.count(RoleGrant.id)).where(RoleGrant.revoked_at.is_(None))
        )
        == 3
    )


def test_nobody_lets_a_role_do_what_they_may_not_do(client, administrator):
    let_centre_edit_roles()
    sign_in(client, make_staff("centre"))
    client.post(f"{ROLES}/matrix", data={"held": ["centre:club.settings"]})
    assert db.session.scalar(sa.select(sa.func.count(RoleChange.id))) == 1


def test_the_matrix_changes_a_role_marks_and_audits_it(admin, project):
    staff = make_staff("staff", project)
    page = f"{ROLES}/matrix"
    data = {"shown": ["staff:members.unmask"], "held": ["staff:members.export"]}
    assert admin.post(page, data=data).status_code == 303
    rights = rights_of(staff.id)
    assert rights.allows("members.export", project.id)
    assert not rights.allows("members.unmask", project.id)
    assert rights.allows("members.view", project.id)
    marked = admin.get(page).text.split("<tbody>")[1]
    assert marked.count("lamp y") == 2
    actions = [
        (entry.subject_key, entry.facts["permission"], entry.facts["allowed"])
        for entry in db.session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action == "role.changed").order_by(AuditEntry.id)
        )
    ]
    assert actions == [("staff", "members.export", True), ("staff", "members.unmask", False)]
    back = {"shown": ["staff:members.export"], "held": ["staff:members.unmask"]}
    admin.post(page, data=back)
    assert db.session.scalar(sa.select(sa.func.count(RoleChange.id))) == 0


@pytest.mark.parametrize(
    "key",
    ["administrator:members.view", "king:members.view", "staff:everything", "staff", ":", "\0"],
)
def test_a_forged_cell_changes_nothing(admin, key):
    admin.post(f"{ROLES}/matrix", data={"shown": [key]})
    assert db.session.scalar(sa.select(sa.func.count(RoleChange.id))) == 0
    assert rights_of(db.session.scalar(sa.select(RoleGrant.account_id))).allows(
        "members.view", None
    )


def test_a_manager_neither_changes_roles_nor_the_matrix(client, project, person):
    manager = make_staff("manager", project)
    sign_in(client, manager)
    grant = db.session.scalar(sa.select(RoleGrant))
    assert client.get("/p/binjiang/staff/roles").status_code == 200
    assert client.get(f"{ROLES}/matrix").status_code == 403
    assert client.post(f"{ROLES}/matrix", data={"held": ["manager:roles.edit"]}).status_code == 403
    assert client.post(f"{ROLES}/find", data={"who": "13900001111"}).status_code == 403
    assert client.get(f"{ROLES}/accounts/{person.public_id}").status_code == 403
    assert client.post(f"{ROLES}/{grant.public_id}/revoke").status_code == 403


def test_the_group_centre_sees_roles_but_does_not_change_them(client, person):
    sign_in(client, make_staff("centre"))
    page = client.get(ROLES)
    assert page.status_code == 200
    assert "/revoke" not in page.text
    assert client.get(f"{ROLES}/accounts/{person.public_id}").status_code == 403


def test_the_projects_list_shows_its_own_roles_only(client, project):
    make_staff("finance", make_project(slug="siji"), display_name="别处人")
    make_staff("staff", project, display_name="周岚")
    sign_in(client, make_staff("manager", project))
    page = client.get("/p/binjiang/staff/roles").text
    assert "周岚" in page
    assert "别处人" not in page


def test_staff_and_owners_do_not_see_who_holds_a_role(client, project):
    sign_in(client, make_staff("staff", project))
    assert client.get("/p/binjiang/staff/roles").status_code == 403
    sign_in(client, make_member())
    assert client.get(ROLES).status_code == 403


def test_the_list_is_filtered_by_role_and_constant(admin, project, query_count):
    make_staff("finance", project, display_name="钱会计")
    make_staff("staff", project, display_name="周岚")
    with query_count() as sent:
        page = admin.get(ROLES, query_string={"role": "finance"}).text
    assert len(sent) <= 8
    assert "钱会计" in page
    assert "周岚" not in page
    for number in range(15):
        make_staff("finance", project, display_name=f"人{number}")
    with query_count() as more:
        admin.get(ROLES, query_string={"role": "finance"})
    assert len(more) == len(sent)


def test_granting_needs_no_actor_on_the_command_line(app):
    account = make_account()
    grant_role(actor=None, account=account, role="administrator", project_id=None)
    db.session.commit()
    assert rights_of(account.id).allows("roles.edit", None)


def test_unknown_roles_are_refused_by_the_service(app, administrator):
    with pytest.raises(RoleError, match="unknown"):
        grant_role(actor=None, account=administrator, role="king", project_id=None)
    with pytest.raises(RoleError, match="unknown"):
        change_role(actor=administrator, role="staff", permission="everything", allowed=True)

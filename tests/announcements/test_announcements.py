"""Announcements: the right people once, stopped and resumed, by those who may."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.announcements import queries, service
from portal.announcements.models import Announcement, AnnouncementState, Audience
from portal.announcements.service import AnnouncementError, Draft, tell_batch
from portal.extensions import db
from portal.jobs import leasing
from portal.jobs.models import JobRow, JobState
from portal.jobs.run import Run, work
from portal.notifications.models import Notification
from portal.projects.models import Project
from tests import factories

WORDS = {
    "audience": "owners", "subject_zh_Hans_CN": "停水通知", "body_zh_Hans_CN": "周五 9:00 至 12:00",
}  # fmt: skip


@pytest.fixture
def project(app: Flask) -> Project:
    return factories.make_project()


@pytest.fixture
def manager(client: FlaskClient, project: Project) -> FlaskClient:
    return factories.sign_in(client, factories.make_staff("manager", project))


def run_jobs(app: Flask) -> None:
    """Do the jobs that send, as a runner would."""
    db.session.commit()
    while True:
        with app.app_context():
            job = leasing.claim("test", [queries.SEND], leasing.LEASE)
        if job is None:
            break
        with app.app_context():
            work(Run(job, "test", leasing.LEASE, lambda: False))
    db.session.expire_all()


def draft(
    project: Project | None, audience: str = "owners", building: int | None = None
) -> Announcement:
    texts = {"zh_Hans_CN": "停水通知"}
    made = service.write(
        actor=factories.make_account(),
        project_id=project.id if project else None,
        draft=Draft(Audience(audience), building, texts, texts),
    )
    db.session.commit()
    return made


def told() -> set[int]:
    return set(db.session.scalars(sa.select(Notification.account_id)))


def test_from_writing_to_the_inbox(app: Flask, manager: FlaskClient, project: Project) -> None:
    owner = factories.make_owner(project)
    factories.make_follower(project)
    factories.make_owner(factories.make_project(slug="other"))
    home = f"/p/{project.slug}/staff/announcements"
    assert manager.get(home).status_code == 200
    made = manager.post(f"{home}/new", data=WORDS)
    assert made.status_code == 303
    page = manager.get(made.location).text
    assert "停水通知" in page
    assert told() == set()
    assert manager.post(f"{made.location}/send").status_code == 303
    assert manager.post(f"{made.location}/send").status_code == 409
    run_jobs(app)
    assert told() == {owner.account_id}
    row = db.session.scalars(sa.select(Announcement)).one()
    assert (row.state, row.told, row.total) == (AnnouncementState.SENT, 1, 1)
    assert manager.post(f"{made.location}/stop").status_code == 409
    assert manager.get(made.location).status_code == 200
    other = factories.sign_in(app.test_client(), owner)
    assert "停水通知" in other.get("/me/inbox").text


def test_audiences(app: Flask, project: Project) -> None:
    member = factories.make_member()
    first = factories.make_unit(project, building="1", number="101")
    second = factories.make_unit(project, building="2", number="201")
    owner, other = factories.make_member(), factories.make_member()
    factories.make_ownership(owner, first)
    factories.make_ownership(owner, second)
    factories.make_ownership(other, second, role="co_owner")
    follower = factories.make_follower(project)
    far = factories.make_owner(factories.make_project(slug="far"))

    def found(where: Project | None, audience: str, building: int | None = None) -> set[int]:
        one = draft(where, audience, building)
        ids = list(db.session.scalars(queries.recipients(one)))
        assert len(ids) == len(set(ids)) == queries.count_recipients(one)
        return set(ids)

    here = {owner.account_id, other.account_id}
    assert found(project, "owners") == here
    assert found(project, "everyone") == here | {follower.account_id}
    assert found(project, "building", first.building_id) == {owner.account_id}
    assert found(None, "owners") == here | {far.account_id}
    assert found(None, "everyone") == here | {
        far.account_id,
        follower.account_id,
        member.account_id,
    }


def test_stopped_and_resumed_nobody_is_told_twice(
    app: Flask, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    owners = [factories.make_owner(project) for _ in range(5)]
    actor = factories.make_account()
    one = draft(project)
    service.send(actor=actor, announcement=one)
    assert tell_batch(one)
    db.session.commit()
    service.stop(actor=actor, announcement=one)
    db.session.commit()
    assert not tell_batch(one)
    db.session.commit()
    assert len(told()) == 2
    service.send(actor=actor, announcement=one)
    db.session.commit()
    run_jobs(app)
    assert told() == {owner.account_id for owner in owners}
    db.session.refresh(one)
    assert (one.state, one.told) == (AnnouncementState.SENT, 5)


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_one_whose_job_is_gone_is_shown_as_stopped_and_goes_on(
    app: Flask, manager: FlaskClient, project: Project, end: str
) -> None:
    owners = [factories.make_owner(project) for _ in range(2)]
    other = draft(project)
    service.send(actor=factories.make_account(), announcement=other)
    one = draft(project)
    here = f"/p/{project.slug}/staff/announcements"
    english = {"Accept-Language": "en"}
    assert manager.post(f"{here}/{one.public_id}/send").status_code == 303
    # The job of the other one, which is open, is not taken for its own.
    job = db.session.scalars(sa.select(JobRow).where(JobRow.key.contains(one.public_id))).one()
    assert manager.post(f"{here}/{one.public_id}/send").status_code == 409
    administrator = factories.sign_in(app.test_client(), factories.make_staff("administrator"))
    if end == "cancelled":
        assert administrator.post(f"/centre/jobs/{job.public_id}/cancel").status_code == 303
    else:
        job.state = JobState.FAILED
        db.session.commit()
    assert ">Stopped<" in manager.get(here, headers=english).text
    assert ">Being sent<" in manager.get(here, headers=english).text
    page = manager.get(f"{here}/{one.public_id}", headers=english).text
    assert "It was stopped." in page
    assert "Go on with the others" in page
    assert manager.post(f"{here}/{one.public_id}/send").status_code == 303
    assert manager.post(f"{here}/{one.public_id}/send").status_code == 409
    run_jobs(app)
    # The job that was given up may be tried again, too: nobody is told twice.
    assert administrator.post(f"/centre/jobs/{job.public_id}/retry").status_code == 303
    run_jobs(app)
    db.session.refresh(one)
    assert (one.state, one.told) == (AnnouncementState.SENT, 2)
    number = sa.select(sa.func.count()).where(Notification.cause == one.public_id)
    assert db.session.scalar(number) == len(owners)


def test_a_batch_that_another_runner_told_is_left_alone(app: Flask, project: Project) -> None:
    factories.make_owner(project)
    one = draft(project)
    service.send(actor=factories.make_account(), announcement=one)
    db.session.commit()
    db.session.execute(sa.update(Announcement).values(last_account_id=10**9))
    assert not tell_batch(one)
    assert told() == set()


def test_what_is_sent_is_not_changed(app: Flask, project: Project) -> None:
    one = draft(project)
    actor = factories.make_account()
    service.send(actor=actor, announcement=one)
    new = Draft(Audience.OWNERS, None, {"zh_Hans_CN": "x"}, {"zh_Hans_CN": "x"})
    with pytest.raises(AnnouncementError):
        service.rewrite(actor=actor, announcement=one, draft=new)


@pytest.mark.parametrize(
    "change",
    [
        {"subject_zh_Hans_CN": ""},
        {"body_zh_Hans_CN": ""},
        {"subject_en": "only a subject"},
        {"audience": "building"},
        {"audience": "nobody"},
        {"audience": "building", "building": "999999"},
        {"subject_zh_Hans_CN": "长" * 81},
    ],
)
def test_what_is_wrong_is_said_and_kept(
    manager: FlaskClient, project: Project, change: dict[str, str]
) -> None:
    answer = manager.post(f"/p/{project.slug}/staff/announcements/new", data={**WORDS, **change})
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text or 'role="alert"' in answer.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Announcement)) == 0


def test_a_draft_is_changed(manager: FlaskClient, project: Project) -> None:
    one = draft(project)
    address = f"/p/{project.slug}/staff/announcements/{one.public_id}/edit"
    assert "停水通知" in manager.get(address).text
    assert manager.post(address, data={**WORDS, "audience": "everyone"}).status_code == 303
    db.session.refresh(one)
    assert one.audience == Audience.EVERYONE


def test_the_clubs_announcements_are_the_centres(
    app: Flask, manager: FlaskClient, project: Project
) -> None:
    club = draft(None)
    assert manager.get("/centre/announcements").status_code == 403
    here = f"/p/{project.slug}/staff/announcements"
    assert manager.get(f"{here}/{club.public_id}").status_code == 404
    centre = factories.sign_in(app.test_client(), factories.make_staff("centre"))
    assert centre.get(f"/centre/announcements/{club.public_id}").status_code == 200
    assert centre.get(f"/centre/announcements/{draft(project).public_id}").status_code == 404
    staff = factories.sign_in(app.test_client(), factories.make_staff("concierge", project))
    assert staff.get(here).status_code == 403


def test_pages_take_a_bounded_number_of_statements(
    manager: FlaskClient, project: Project, query_count: object
) -> None:
    for _ in range(25):
        one = draft(project)
    service.send(actor=factories.make_account(), announcement=one)
    db.session.commit()
    here = f"/p/{project.slug}/staff/announcements"
    for address in (here, f"{here}/{one.public_id}", f"{here}/new"):
        with query_count() as sent:  # type: ignore[operator]
            assert manager.get(address).status_code == 200
        assert len(sent) <= 8, sent.texts

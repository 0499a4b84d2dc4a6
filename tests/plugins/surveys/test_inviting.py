"""Invitations once each, reminders to the silent alone, and the poster."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.surveys.inviting import reminding, telling
from plugins.surveys.inviting.telling import ask_for_invitations
from plugins.surveys.models import Participation
from plugins.surveys.states import Mode, State, Unit
from portal import clock
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.members.models import Household
from portal.messages.models import Channel
from portal.notifications.models import Notification
from portal.notifications.service import choose
from tests import factories
from tests.carried import Carried, deliver
from tests.plugins.surveys.test_submitting import at_once, refused, sending
from tests.plugins.surveys.waves import make_survey, make_wave


def work(app):
    db.session.commit()
    while Runner(app).run_once():
        pass
    db.session.expire_all()


def told(kind):
    rows = db.session.scalars(sa.select(Notification.account_id).where(Notification.kind == kind))
    return sorted(rows)


def line_of(member):
    mine = sa.select(Participation).where(Participation.household_id == member.household_id)
    return db.session.scalars(mine).one()


@pytest.fixture
def invited(app, place):
    """An open wave whose households were invited three days ago."""
    wave = make_wave(place.project.id, members=[place.member, place.neighbour], mode=Mode.ANONYMOUS)
    db.session.execute(sa.update(Participation).values(invited_at=clock.now() - timedelta(days=3)))
    db.session.commit()
    return wave


def test_everybody_who_lives_here_is_invited_once(app, place, monkeypatch):
    monkeypatch.setattr(telling, "CHUNK", 1)
    household = db.session.get(Household, place.member.household_id)
    mate = factories.make_owner(place.project, household=household)
    factories.make_member(household=household)  # Lives elsewhere.
    wave = make_wave(place.project.id, members=[place.member, place.neighbour])
    late = make_wave(
        place.project.id,
        survey=make_survey(place.project.id, "before"),
        members=[place.member],
        state=State.PAUSED,
    )
    for each in (wave, wave, late):
        ask_for_invitations(each, place.ref)
    work(app)
    expected = sorted(each.account_id for each in (place.member, mate, place.neighbour))
    assert told("surveys.invited") == expected
    lines = db.session.execute(sa.select(Participation.wave_id, Participation.invited_at)).all()
    assert {(row[0], row[1] is None) for row in lines} == {(wave.id, False), (late.id, True)}
    # Asked for again, as after a pause, nobody is told twice.
    wave.version += 1
    ask_for_invitations(wave, place.ref)
    work(app)
    assert told("surveys.invited") == expected


def test_who_has_answered_is_not_invited_to_a_wave_of_persons(app, place):
    wave = make_wave(place.project.id, members=[place.member, place.neighbour], unit=Unit.PERSON)
    sending(place, wave, place.member)()
    ask_for_invitations(wave, place.ref)
    work(app)
    assert told("surveys.invited") == [place.neighbour.account_id]


def test_only_the_silent_are_reminded_apart_and_thrice(app, place, invited):
    sending(place, invited, place.neighbour)()
    db.session.commit()
    at = clock.now()

    def remind(later=timedelta()):
        return reminding.remind(actor=place.clerk, project=place.ref, wave=invited, at=at + later)

    assert reminding.silent(invited, at) == reminding.Silent(1, 1, None)
    assert remind() == 1
    assert reminding.silent(invited, at) == reminding.Silent(1, 0, at + reminding.APART)
    work(app)
    assert told("surveys.reminded") == [place.member.account_id]
    assert refused(lambda: remind(timedelta(hours=47))) == "NOBODY_SILENT"
    for days in (2, 4):
        remind(timedelta(days=days))
        work(app)
    assert refused(lambda: remind(timedelta(days=6))) == "NOBODY_SILENT"
    assert reminding.silent(invited, at + timedelta(days=6)) == reminding.Silent(1, 0, None)
    assert told("surveys.reminded") == [place.member.account_id] * 3
    assert line_of(place.neighbour).reminded == 0
    acts = sa.select(sa.func.count()).where(AuditEntry.action == "surveys.reminded")
    assert db.session.scalar(acts) == 3


def test_who_answers_before_the_job_is_not_told(app, place, invited):
    reminding.remind(actor=place.clerk, project=place.ref, wave=invited, at=clock.now())
    sending(place, invited, place.member)()
    work(app)
    assert told("surveys.reminded") == [place.neighbour.account_id]


def test_of_two_reminders_at_once_one_goes_out(app, place, invited):
    at, clerk = clock.now(), place.clerk.id

    def act():
        from portal.accounts.models import Account

        actor, wave = db.session.get(Account, clerk), db.session.get(type(invited), number)
        reminding.remind(actor=actor, project=where, wave=wave, at=at)

    number, where = invited.id, place.ref
    assert at_once(app, [act, act]) == {"done": 1, "NOBODY_SILENT": 1}
    db.session.rollback()
    assert {each.reminded for each in db.session.scalars(sa.select(Participation))} == {1}


def test_the_page_reminds_with_one_button(app, place, invited, client):
    clerk = factories.sign_in(client, place.clerk)
    page = f"/p/{place.project.slug}/staff/surveys/{invited.public_id}"
    assert "提醒 2 位未填写者" in clerk.get(page).text
    assert clerk.post(f"{page}/remind").status_code == 303
    assert "下一次可提醒的时间" in clerk.get(page).text
    assert clerk.post(f"{page}/remind").status_code == 409
    leader = factories.make_staff("leader", place.project)
    db.session.commit()
    reader = factories.sign_in(app.test_client(), leader)
    assert "位未填写者" not in reader.get(page).text
    assert reader.post(f"{page}/remind").status_code == 403


def test_the_poster_leads_to_the_survey(place, invited, client):
    clerk = factories.sign_in(client, place.clerk)
    page = f"/p/{place.project.slug}/staff/surveys/{invited.public_id}"
    text = clerk.get(f"{page}/poster").text
    assert f"/p/{place.project.slug}/surveys/{invited.public_id}<" in text
    assert clerk.get(f"{page}/poster.png").data.startswith(b"\x89PNG")
    assert b"<svg" in clerk.get(f"{page}/poster.svg").data
    assert clerk.get(f"{page}/poster.pdf").status_code == 404


def test_who_wants_text_messages_is_invited_and_reminded_by_them(app, place, invited):
    account = db.session.get(Account, place.member.account_id)
    kinds = ("surveys.invited", "surveys.reminded")
    choose(account=account, wanted={(kind, "sms"): True for kind in kinds}, begins=0, ends=0)
    late = make_wave(
        place.project.id, survey=make_survey(place.project.id, "before"), members=[place.member]
    )
    carried = Carried(app, Channel.SMS)
    ask_for_invitations(late, place.ref)
    reminding.remind(actor=place.manager, project=place.ref, wave=invited, at=clock.now())
    work(app)
    deliver(app)
    carried.stop()
    assert {to for to, _ in carried.sent} == {account.phone}
    words = sorted(text for _, text in carried.sent)
    assert len(words) == 2
    assert all("年度满意度调查" in text for text in words)

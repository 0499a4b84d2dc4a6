"""The owners' pages: one screen a block, without scripts; drafts where answers have names."""

import html
import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.surveys.models import Ballot, Draft, Participation, SideAnswer, Wave
from plugins.surveys.states import Mode
from portal import clock
from portal.extensions import db
from portal.idempotency.models import IdempotencyKey
from portal.members.models import Household
from tests import factories
from tests.plugins.surveys.instruments import document, question, said
from tests.plugins.surveys.waves import make_survey, make_wave

LIST = "/p/binjiang/surveys/"
WHY = question("why", "long", show_if={"question": "q1", "is": "le", "value": 2})
ASKED = document(
    [question("q1", required=True), WHY],
    [
        question("m", "matrix", not_applicable=True),
        question("q2", "number", role="recommended_count"),
        question("q3", "short", text=said("为什么给 {q1} 分")),
    ],
)


@pytest.fixture
def owner(client, place):
    return factories.sign_in(client, place.member)


def hidden(page, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return html.unescape(found[1]) if found else ""


def step(owner, wave, block, act="next", **values):
    """Send a screen."""
    address = f"{LIST}{wave.public_id}/answer"
    return owner.post(address, data={"block": block, "act": act, **values})


def test_an_owner_answers_is_interrupted_and_resumes(owner, place):
    wave = make_wave(place.project.id, members=[place.member], instrument=ASKED, points=20_000)
    address = f"{LIST}{wave.public_id}"
    assert wave.public_id in owner.get(LIST).text
    assert wave.public_id in owner.get("/p/binjiang/").text
    assert "answer" in owner.get(address).text
    assert "q1" in owner.get(f"{address}/answer").text
    # A low mark brings up why, on the same screen.
    again = step(owner, wave, "b1", q1="2")
    assert again.location.endswith("at=b1")
    assert 'name="why"' in owner.get(again.location).text
    assert step(owner, wave, "b1", q1="2", why="电梯").location.endswith("at=b2")
    later = step(owner, wave, "b2", "later", **{"m.r1": "4", "m.r2": "na", "q2": "七"})
    assert later.location == LIST
    # On another day, on another device: what did not fit is asked again.
    page = owner.get(f"{address}/answer").text
    assert 'name="m.r1" value="4" checked' in page
    assert 'name="m.r2" value="na" checked' in page
    assert "为什么给 2 分" in page
    review = step(owner, wave, "b2", **{"m.r1": "4", "m.r2": "na", "q2": "３", "q3": "<b>"})
    assert review.location.endswith("at=review")
    page = owner.get(review.location).text
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    sent = step(owner, wave, "review", "send")
    assert sent.status_code == 303
    assert "circle-check" in owner.get(sent.location).text
    ballot = db.session.scalars(sa.select(Ballot)).one()
    assert ballot.positions == [2, 1, 4, -3, -2, 1, 1]
    sides = db.session.scalars(sa.select(SideAnswer).order_by(SideAnswer.item)).all()
    assert [(each.value, each.number) for each in sides] == [
        *(("电梯", None), ("", 3_000_000), ("<b>", None))
    ]
    assert db.session.scalars(sa.select(Draft)).all() == []
    assert step(owner, wave, "review", "send").status_code == 409
    assert wave.public_id not in owner.get("/p/binjiang/").text


def test_what_is_wrong_is_told_and_everything_typed_stays(owner, place):
    wave = make_wave(place.project.id, members=[place.member], instrument=ASKED)
    assert step(owner, wave, "b1").status_code == 422
    step(owner, wave, "b1", q1="5")
    wrong = step(owner, wave, "b2", **{"m.r1": "9", "q2": "60", "q3": "很好"})
    assert wrong.status_code == 422
    assert "很好" in wrong.text
    assert 'value="60"' in wrong.text
    # Above fifty a box to tick comes up.
    assert 'name="q2~sure"' in wrong.text
    sure = step(owner, wave, "b2", **{"q2": "60", "q2~sure": "yes"})
    assert sure.location.endswith("at=review")
    assert step(owner, wave, "b2", "back").location.endswith("at=b1")


def test_what_is_hidden_by_another_answer_goes(owner, place):
    wave = make_wave(place.project.id, members=[place.member], instrument=ASKED)
    step(owner, wave, "b1", q1="1", why="吵")
    step(owner, wave, "b1", q1="1", why="吵")
    assert db.session.scalars(sa.select(Draft)).one().answers["why"] == "吵"
    step(owner, wave, "b1", q1="4")
    db.session.expire_all()
    assert "why" not in db.session.scalars(sa.select(Draft)).one().answers


def test_an_anonymous_answer_is_carried_by_the_form_alone(owner, place):
    wave = make_wave(
        place.project.id, members=[place.member], instrument=ASKED, mode=Mode.ANONYMOUS
    )
    page = owner.get(f"{LIST}{wave.public_id}/answer").text
    assert 'name="idempotency_key"' not in page
    page = step(owner, wave, "b1", q1="4", carried="{}", begun=hidden(page, "begun")).text
    carried = {"carried": hidden(page, "carried"), "begun": hidden(page, "begun")}
    assert json.loads(carried["carried"]) == {"q1": 4}
    page = step(owner, wave, "b2", **carried, **{"m.r1": "3"}).text
    assert "send" in page
    carried["carried"] = hidden(page, "carried")
    kept = db.session.scalar(sa.select(sa.func.count()).select_from(IdempotencyKey))
    assert db.session.scalars(sa.select(Draft)).all() == []
    assert step(owner, wave, "review", "send", **carried).status_code == 303
    ballot = db.session.scalars(sa.select(Ballot)).one()
    assert (ballot.positions, ballot.submitted_at) == ([4, -1, 3, -2, -2, -2, -2], None)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(IdempotencyKey)) == kept
    for broken in ("[1]", "{"):
        assert step(owner, wave, "b1", carried=broken).status_code in (400, 409)


@pytest.mark.parametrize("broken", ["[1]", "{", "[" * 100_000])
def test_a_carried_answer_that_is_none_is_refused(owner, place, broken):
    wave = make_wave(place.project.id, members=[place.member], mode=Mode.ANONYMOUS)
    assert step(owner, wave, "b1", carried=broken).status_code == 400


def close(wave, minutes):
    """Let the wave have closed so many minutes ago, and the draft have been begun before."""
    at = clock.now()
    opened = at - timedelta(days=1)
    ended = {"opens_at": opened, "closes_at": at - timedelta(minutes=minutes)}
    db.session.execute(sa.update(Wave).where(Wave.id == wave.id).values(ended))
    db.session.execute(sa.update(Draft).values(created_at=at - timedelta(hours=20)))
    db.session.commit()


def test_after_the_close_the_draft_stays_and_who_had_begun_may_send(owner, place):
    wave = make_wave(place.project.id, members=[place.member], instrument=ASKED)
    step(owner, wave, "b1", q1="4")
    step(owner, wave, "b2", q2="1")
    close(wave, 45)
    assert step(owner, wave, "review", "send").status_code == 410
    assert db.session.scalars(sa.select(Draft)).one().answers["q1"] == 4
    assert owner.get(f"{LIST}{wave.public_id}/answer").status_code == 200
    close(wave, 10)
    assert step(owner, wave, "review", "send").status_code == 303


def test_nobody_reads_what_somebody_else_of_the_household_began(client, app, place):
    mate = factories.make_owner(
        place.project, household=db.session.get(Household, place.member.household_id)
    )
    wave = make_wave(place.project.id, members=[place.member], instrument=ASKED)
    first = factories.sign_in(client, place.member)
    step(first, wave, "b1", q1="1", why="只有我知道")
    step(first, wave, "b1", q1="1", why="只有我知道")
    other = factories.sign_in(app.test_client(), mate)
    assert "只有我知道" not in other.get(f"{LIST}{wave.public_id}/answer").text
    assert other.get(f"{LIST}{wave.public_id}/answer?at=review").status_code == 200
    assert step(other, wave, "b1", q1="5").status_code == 303
    kept = dict(db.session.execute(sa.select(Draft.member_id, Draft.answers)).all())
    # Nobody's words go because a housemate begins as well; whoever sends first answers.
    assert kept[place.member.id]["why"] == "只有我知道"
    assert "why" not in kept[mate.id]
    step(other, wave, "b2")
    assert step(other, wave, "review", "send").status_code == 303
    assert step(first, wave, "review", "send").status_code == 409
    assert db.session.scalars(sa.select(Draft)).all() == []


def test_others_do_not_find_the_wave(app, place):
    wave = make_wave(place.project.id, members=[place.member])
    neighbour = factories.sign_in(app.test_client(), place.neighbour)
    assert neighbour.get(f"{LIST}{wave.public_id}").status_code == 404
    assert step(neighbour, wave, "b1", q1="5").status_code == 404
    assert "empty" in neighbour.get(LIST).text
    assert db.session.scalars(sa.select(Participation.answered)).all() == [False]


def test_the_list_costs_the_same_however_many_waves(owner, place, query_count):
    make_wave(place.project.id, members=[place.member])
    owner.get(LIST)
    with query_count() as few:
        owner.get(LIST)
    make_wave(place.project.id, members=[place.member], survey=make_survey(place.project.id, "b"))
    with query_count() as more:
        owner.get(LIST)
    assert len(more) == len(few) <= 10

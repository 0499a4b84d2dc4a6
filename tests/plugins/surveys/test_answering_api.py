"""Owners' programs: the list, the document with what is shown, one answer; and invitations."""

import pytest
import sqlalchemy as sa

from plugins.surveys.answering.views import INVITATION
from plugins.surveys.models import Ballot
from plugins.surveys.states import Mode, State
from portal.accounts.models import Account
from portal.extensions import db
from portal.idempotency.models import IdempotencyKey
from portal.sdk import issue_token
from tests import factories
from tests.plugins.surveys.instruments import document, question
from tests.plugins.surveys.waves import make_survey, make_wave

API = "/api/v1/p/binjiang/surveys/"
KEY = "abcdefghijklmnopqrstuv"
ASKED = document(
    [question("q1", required=True)],
    [question("q2", show_if={"question": "q1", "is": "ge", "value": 4})],
)


@pytest.fixture
def program(app, place):
    account = db.session.get_one(Account, place.member.account_id)
    headers = {"Authorization": f"Bearer {factories.make_token(account)}", "Idempotency-Key": KEY}
    client = app.test_client()

    def call(method, path, **more):
        return client.open(API + path, method=method, headers=headers, **more)

    return call


def test_a_program_reads_and_answers_once(program, place):
    wave = make_wave(
        place.project.id, members=[place.member], instrument=ASKED, mode=Mode.ANONYMOUS
    )
    listed = program("GET", "").json["items"]
    assert [(each["id"], each["refusal"]) for each in listed] == [(wave.public_id, None)]
    shown = program("GET", wave.public_id).json
    assert (shown["shown"], shown["instrument"]) == (["q1"], ASKED)
    wrong = program("POST", f"{wave.public_id}/answer", json={"answers": {"q1": "五", "x": 1}})
    assert (wrong.status_code, wrong.json["codes"]) == (422, {"q1": "off_scale", "x": "unknown"})
    assert wrong.json["errors"]["q1"]
    sent = program("POST", f"{wave.public_id}/answer", json={"answers": {"q1": 2, "q2": 5}})
    assert (sent.status_code, sent.json) == (201, {"dropped": ["q2"]})
    again = program("POST", f"{wave.public_id}/answer", json={"answers": {"q1": 2}})
    assert (again.status_code, again.json["code"]) == (409, "ANSWERED")
    assert db.session.scalars(sa.select(Ballot.positions)).all() == [[2, -1]]
    # A key would be a row with a moment and an account.
    assert db.session.scalars(sa.select(IdempotencyKey)).all() == []


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("q1", each) for each in (0, 6, 4.5, "五", [4])]
    + [("q2", each) for each in (-1, 1.5, "很多", 51)],
)
def test_what_does_not_fit_is_a_422_and_nothing_is_kept(program, place, key, wrong):
    asked = document([question("q1"), question("q2", "number", role="recommended_count")])
    wave = make_wave(place.project.id, members=[place.member], instrument=asked)
    given = {"q1": 4, "q2": 2} | {key: wrong}
    told = program("POST", f"{wave.public_id}/answer", json={"answers": given})
    assert (told.status_code, list(told.json["errors"])) == (422, [key])
    assert db.session.scalars(sa.select(Ballot.id)).all() == []
    right = program("POST", f"{wave.public_id}/answer", json={"answers": {"q1": None, "q2": 2}})
    assert right.status_code == 201
    assert db.session.scalars(sa.select(Ballot.positions)).one()[0] == -2


def test_a_closed_wave_is_gone_for_programs_too(program, place):
    wave = make_wave(place.project.id, members=[place.member], state=State.CLOSED)
    over = program("POST", f"{wave.public_id}/answer", json={"answers": {"q1": 2}})
    assert (over.status_code, over.json["code"]) == (410, "OVER")
    other = make_wave(place.project.id, survey=make_survey(place.project.id, "other"))
    assert program("GET", other.public_id).status_code == 404


def test_an_invitation_shows_and_everything_else_is_one_page(app, client, place):
    wave = make_wave(place.project.id, members=[place.member])
    closed = make_wave(
        place.project.id, survey=make_survey(place.project.id, "x"), state=State.CLOSED
    )

    def link(subject, purpose=INVITATION):
        with app.test_request_context(base_url="http://localhost"):
            made = issue_token(
                plugin="surveys",
                purpose=purpose,
                project=place.ref,
                expires_at=None,
                subject=subject,
            )
        return "/t/" + made.split("/t/")[1]

    good = link(wave.public_id)
    bad = [link(closed.public_id), link("gone"), link(wave.public_id, "other"), good[:-2]]
    db.session.commit()
    for _ in range(2):
        page = client.get(good)
        assert page.status_code == 200
        assert f"/p/binjiang/surveys/{wave.public_id}" in page.text
    answers = [client.get(each) for each in bad]
    assert {each.status_code for each in answers} == {404}
    told = {each.text.split('class="art')[1].split("</p>")[0] for each in answers}
    assert len(told) == 1

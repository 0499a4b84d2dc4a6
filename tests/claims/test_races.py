"""Two people at the same moment."""

import threading

import pytest

from portal.claims.models import UnitClaim
from portal.extensions import db
from portal.projects.models import Invitation, Ownership
from portal.projects.queries import people_of
from tests.factories import (
    make_account,
    make_member,
    make_ownership,
    make_phone,
    make_project,
    make_roster_entry,
    make_staff,
    make_unit,
    photo,
    sign_in,
)


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def unit(project):
    return make_unit(project, building="2栋", number="1502")


def at_once(app, *requests):
    """Send the requests from threads of their own, together; return the answers in their order."""
    answers = [None] * len(requests)
    barrier = threading.Barrier(len(requests))

    def send(place, request):
        barrier.wait()
        with app.app_context():
            answers[place] = request()

    threads = [
        threading.Thread(target=send, args=(place, request))
        for place, request in enumerate(requests)
    ]
    db.session.commit()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(answers)
    return answers


def claim_form(name, **values):
    return {"building": "2栋", "number": "1502", "role": "owner", "name": name, **values}


NEW = "/me/claims/new?project=binjiang"


def test_two_claims_of_one_home_approved_together(app, project, unit):
    """One wins; the other is told that the home has an owner now, and its claim stays open."""
    for _ in range(3):
        pair = [make_member(name="陈明"), make_member(name="林晓芸")]
        for member in pair:
            answer = sign_in(app.test_client(), member).post(
                NEW, data=claim_form(member.name, photos=[photo()])
            )
            assert answer.status_code == 303
        claims = db.session.query(UnitClaim).filter_by(state="pending").all()
        staff = [sign_in(app.test_client(), make_staff("staff", project)) for _ in claims]

        def approve(client, claim):
            path = f"/p/binjiang/staff/claims/{claim.public_id}"
            data = {"decision": "approve", "approve_reason": "proof_good"}
            return lambda: client.post(path, data=data)

        answers = at_once(app, *map(approve, staff, claims))
        assert sorted(answer.status_code for answer in answers) == [303, 422]
        loser = next(answer for answer in answers if answer.status_code == 422)
        assert "resolution" in loser.text
        db.session.expire_all()
        assert sorted(claim.state for claim in claims) == ["approved", "pending"]
        people = people_of(unit.id)
        assert [person.role for person in people] == ["owner"]
        # Once more from an empty home.
        db.session.delete(people[0])
        unit.household_id = None
        next(claim for claim in claims if claim.state == "pending").state = "withdrawn"
        db.session.commit()


def test_one_claim_decided_by_two_at_once(app, project, unit):
    member = make_member(name="陈明")
    sign_in(app.test_client(), member).post(NEW, data=claim_form("陈明", photos=[photo()]))
    claim = db.session.query(UnitClaim).one()
    path = f"/p/binjiang/staff/claims/{claim.public_id}"
    clients = [sign_in(app.test_client(), make_staff("staff", project)) for _ in range(2)]
    decisions = (
        {"decision": "approve", "approve_reason": "proof_good"},
        {"decision": "refuse", "refuse_reason": "not_entitled"},
    )
    answers = at_once(
        app,
        *(
            (lambda client=client, data=data: client.post(path, data=data))
            for client, data in zip(clients, decisions, strict=True)
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    db.session.expire_all()
    assert len(people_of(unit.id)) == (1 if claim.state == "approved" else 0)


def test_a_claim_sent_twice_is_one_claim(app, project, unit):
    member = make_member(name="陈明")
    clients = [sign_in(app.test_client(), member) for _ in range(2)]
    answers = at_once(
        app,
        *(
            (lambda client=client: client.post(NEW, data=claim_form("陈明", photos=[photo()])))
            for client in clients
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert db.session.query(UnitClaim).count() == 1


def test_the_same_form_sent_twice_gets_the_same_answer(app, project, unit):
    member = make_member(name="陈明")
    client = sign_in(app.test_client(), member)
    key = "a-form-that-was-pressed-twice"
    first = client.post(NEW, data=claim_form("陈明", idempotency_key=key, photos=[photo()]))
    second = client.post(NEW, data=claim_form("陈明", idempotency_key=key, photos=[photo()]))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert db.session.query(UnitClaim).count() == 1


def test_a_roster_match_twice_at_once_is_one_ownership(app, project, unit):
    account = make_account(display_name="陈明")
    member = make_member(name="陈明", account=account)
    make_roster_entry(unit, account)
    clients = [sign_in(app.test_client(), member) for _ in range(2)]
    answers = at_once(
        app,
        *((lambda client=client: client.post(NEW, data=claim_form("陈明"))) for client in clients),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert db.session.query(Ownership).count() == 1


def test_an_invitation_accepted_twice_at_once_is_one_place(app, project, unit):
    owner = make_member(name="林晓芸")
    make_ownership(owner, unit)
    phone = make_phone()
    guest = make_member(name="陈建国", account=make_account(phone=phone))
    owners = sign_in(app.test_client(), owner)
    made = owners.post(
        f"/me/homes/{unit.public_id}/invite",
        data={"role": "spouse", "name": "陈建国", "phone": phone},
    )
    link = owners.get(made.location).text.partition('value="http://localhost')[2].partition('"')[0]
    clients = [sign_in(app.test_client(), guest) for _ in range(2)]
    answers = at_once(app, *((lambda client=client: client.post(link)) for client in clients))
    assert {answer.status_code for answer in answers} == {303}
    assert db.session.query(Ownership).count() == 2
    assert db.session.query(Invitation).one().accepted_by_id == guest.id

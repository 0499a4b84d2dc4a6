"""Joining: from a proved phone to a member with consent."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account, Consent, SignIn
from portal.accounts.queries import find_account_by_phone
from portal.club.models import LegalText
from portal.extensions import db
from portal.members.models import HouseholdStay, Member
from portal.projects.models import ProjectInterest
from tests.factories import add, make_account, make_member, make_project, sign_in

PHONE = "+8619900009999"


@pytest.fixture
def texts(app):
    return [
        add(
            LegalText(
                kind=kind, version=version, body={"zh_Hans_CN": "文"}, published_at=clock.now()
            )
        )
        for kind, version in (("terms", 1), ("terms", 2), ("privacy", 1))
    ]


def prove_phone(client, phone=PHONE, *, minutes_ago=0):
    at = clock.now() - timedelta(minutes=minutes_ago)
    with client.session_transaction() as session:
        session["verified_phone"] = {"phone": phone, "at": at.timestamp()}
    return client


def form(texts, **values):
    current = [texts[1].id, texts[2].id]
    return {"name": "王小明", "salutation": "mr", "adult": "y", "consents": current, **values}


def test_join_makes_account_member_household_and_consents(client, texts):
    answer = prove_phone(client).post("/join", data=form(texts))
    assert answer.status_code == 303
    account = find_account_by_phone(PHONE)
    member = db.session.scalar(sa.select(Member))
    assert (member.account_id, member.name, member.salutation) == (account.id, "王小明", "mr")
    assert len(member.card_number) == 8
    stay = db.session.scalar(sa.select(HouseholdStay))
    assert (stay.household_id, stay.until) == (member.household_id, None)
    accepted = set(db.session.scalars(sa.select(Consent.legal_text_id)))
    assert accepted == {texts[1].id, texts[2].id}
    page = client.get("/me/")
    assert page.status_code == 200
    assert "王小明" in page.text
    assert PHONE not in page.text


def test_join_shows_the_form_with_the_phone_masked(client, texts):
    page = prove_phone(client).get("/join")
    assert page.status_code == 200
    assert "199****9999" in page.text
    assert "/legal/terms" in page.text


@pytest.mark.parametrize("minutes", [16, 600])
def test_join_after_the_proof_has_expired_asks_to_sign_in(client, texts, minutes):
    answer = prove_phone(client, minutes_ago=minutes).post("/join", data=form(texts))
    assert answer.location == "/login"
    assert db.session.scalar(sa.select(sa.func.count(Account.id))) == 0


def test_join_without_a_proof_asks_to_sign_in(client, texts):
    assert client.get("/join").location == "/login"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "1234"},
        {"name": "王" * 81},
        {"name": "\u202e明"},
        {"adult": ""},
        {"consents": []},
        {"salutation": "lord"},
        {"follow": "somewhere"},
    ],
)
def test_join_refuses_and_keeps_what_was_typed(client, texts, wrong):
    answer = prove_phone(client).post("/join", data=form(texts, **wrong))
    assert answer.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Account.id))) == 0
    if "name" not in wrong:
        assert "王小明" in answer.text


def test_join_refuses_consent_to_an_older_text(client, texts):
    old = form(texts, consents=[texts[0].id, texts[2].id])
    assert prove_phone(client).post("/join", data=old).status_code == 422


@pytest.mark.parametrize("name", ["王", "阿卜杜拉·买买提", "Zoë van der Berg", "まさこ", "محمد"])
def test_join_takes_names_of_any_script(client, texts, name):
    prove_phone(client).post("/join", data=form(texts, name=name))
    assert db.session.scalar(sa.select(Member.name)) == name


def test_join_strips_control_characters(client, texts):
    prove_phone(client).post("/join", data=form(texts, name="王\x00小\x1b明"))
    assert db.session.scalar(sa.select(Member.name)) == "王小明"


def test_join_follows_the_chosen_project(client, texts):
    project = make_project()
    prove_phone(client).post("/join", data=form(texts, follow=project.slug))
    assert db.session.scalar(sa.select(ProjectInterest.project_id)) == project.id


def test_join_with_a_phone_that_got_an_account_meanwhile_signs_in(client, texts):
    prove_phone(client).get("/join")
    member = make_member(account=make_account(phone=PHONE))
    answer = client.post("/join", data=form(texts))
    assert answer.location == "/"
    assert db.session.scalar(sa.select(SignIn.account_id)) == member.account_id
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 1


def test_join_never_passes_by_a_second_factor(client, texts):
    make_member(account=make_account(phone=PHONE, totp_secret="S", totp_confirmed_at=clock.now()))
    answer = prove_phone(client).post("/join", data=form(texts))
    assert answer.location == "/login"
    assert db.session.scalar(sa.select(sa.func.count(SignIn.id))) == 0


def test_join_sent_twice_makes_one_member(client, texts):
    data = form(texts, idempotency_key="k" * 22)
    other = prove_phone(client.application.test_client())
    assert prove_phone(client).post("/join", data=data).status_code == 303
    assert other.post("/join", data=data).status_code == 303
    assert client.post("/join", data=form(texts)).location == "/"
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 1


def test_a_staff_account_becomes_a_member(client, texts):
    account = make_account(display_name="周岚")
    sign_in(client, account)
    assert "周岚" in client.get("/join").text
    client.post("/join", data=form(texts, name="周岚"))
    assert db.session.scalar(sa.select(Member.account_id)) == account.id


def test_a_member_is_asked_for_a_text_that_is_new(client, texts):
    sign_in(client, make_member())
    assert "/me/consent" in client.get("/me/").text
    partly = client.post("/me/consent", data={"consents": [texts[2].id]})
    assert partly.location == "/me/consent"
    client.post("/me/consent", data={"consents": sorted([texts[1].id, texts[2].id])})
    assert "/me/consent" not in client.get("/me/").text


def test_a_new_version_of_the_first_text_can_be_accepted_as_the_page_sends_it(client, texts):
    third = add(
        LegalText(kind="terms", version=3, body={"zh_Hans_CN": "文"}, published_at=clock.now())
    )
    sign_in(client, make_member())
    shown = re.findall(r'name="consents"[^>]*value="(\d+)"', client.get("/me/consent").text)
    assert shown == [str(third.id), str(texts[2].id)]
    client.post("/me/consent", data={"consents": shown})
    assert "/me/consent" not in client.get("/me/").text

"""The member card: its code of the minute, and what is told to whom."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import current_app

from plugins.rewards.card.codes import Typed, digits_of, is_now, was_once
from plugins.rewards.models import WrongCode
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.sdk import card_of, find_card
from tests import factories
from tests.plugins.rewards.test_partners import make

DESK = "/p/binjiang/staff/rewards/card"
AT = datetime(2026, 7, 1, 12, 0, 30, tzinfo=UTC)


@pytest.fixture
def clerk(app, place):
    return factories.sign_in(app.test_client(), place.clerk)


@pytest.fixture
def frozen(monkeypatch):
    """Let the time stand still: thirty tries lie in one minute."""
    at = clock.now()
    monkeypatch.setattr(clock, "source", lambda: at)
    return at


def code_for(member, at, digits=None):
    number = member.card_number
    return f"{number}.{digits or digits_of(current_app.secret_key, number, at)}"


def code_of(answer):
    return answer.status_code, answer.text.partition('data-code="')[2].partition('"')[0]


def test_the_code_is_of_this_minute_or_the_last():
    typed = Typed("88021946", digits_of("secret", "88021946", AT))
    assert is_now("secret", typed, AT)
    assert is_now("secret", typed, AT + timedelta(seconds=60))
    later = AT + timedelta(seconds=120)
    assert not is_now("secret", typed, later)
    assert was_once("secret", typed, later)
    assert not was_once("secret", typed, AT + timedelta(hours=1))
    assert not is_now("other", typed, AT)
    assert not is_now("secret", Typed("88021947", typed.digits), AT)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("88021946.123456", "88021946"),
        ("8802 1946 123 456", "88021946"),
        ("https://club.example/p/x/staff/rewards/card?code=88021946.123456", "88021946"),
        ("123456", None),
        ("８８０２１９４６１２３４５６", None),
        ("88021946.12345a", None),
        ("1" * 40, None),
    ],
)
def test_what_is_read_of_a_code(text, number):
    typed = Typed.read(text)
    assert (typed and typed.number) == number


def test_the_owner_shows_it_and_the_desk_knows_who_it_is(app, place, clerk, frozen):
    owner = factories.sign_in(app.test_client(), place.member)
    page = owner.get("/p/binjiang/rewards/card")
    digits = digits_of(current_app.secret_key, place.member.card_number, frozen)
    assert f"{digits[:3]} {digits[3:]}" in page.text
    assert 1 <= int(page.headers["Refresh"]) <= 61
    assert page.headers["Cache-Control"].startswith(("no-store", "private"))
    answer = clerk.post(DESK, data={"code": code_for(place.member, frozen)})
    assert answer.status_code == 200
    assert place.member.name in answer.text


def test_each_wrong_code_has_a_name(place, clerk, frozen):
    at = frozen
    stranger = factories.make_member(name="外人")
    db.session.commit()
    right = digits_of(current_app.secret_key, place.member.card_number, at)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    old = code_for(place.member, at - timedelta(minutes=5))
    for typed, expected in [
        (code_for(place.member, at, wrong), (422, "CARD_FORGED")),
        ("00000000.123456", (422, "CARD_FORGED")),
        ("nonsense", (422, "CARD_FORGED")),
        (old, (410, "CARD_STALE")),
        (code_for(stranger, at), (403, "CARD_FOREIGN")),
    ]:
        assert code_of(clerk.post(DESK, data={"code": typed})) == expected
    assert db.session.scalar(sa.select(WrongCode.wrong)) == 3


def test_guessing_is_stopped_and_flagged(place, clerk, frozen):
    for number in range(30):
        assert clerk.post(DESK, data={"code": f"88021946{number:06}"}).status_code == 422
    good = clerk.post(DESK, data={"code": code_for(place.member, frozen)})
    assert code_of(good) == (429, "TOO_MANY_TRIES")
    flagged = sa.select(AuditEntry).where(AuditEntry.action == "rewards.codes_guessed")
    assert db.session.scalars(flagged).one()


def test_a_partner_sees_the_tier_and_its_offer_and_nothing_of_the_person(app, place, clerk, frozen):
    partner = make(place, **{"": {"zh_Hans_CN": "饮品九折"}})
    url = f"/p/binjiang/staff/rewards/partners/{partner.public_id}"
    made = clerk.post(url, data={"act": "link"}).text
    link = "/t/rewards/" + made.partition("/t/rewards/")[2].partition("<")[0]
    phone = app.test_client()
    assert phone.get(link).headers["Location"].endswith("/card")
    answer = phone.post(f"{link}/card", data={"code": code_for(place.member, frozen)})
    assert answer.status_code == 200
    assert "饮品九折" in answer.text
    assert place.member.name not in answer.text
    assert place.member.card_number not in answer.text
    assert code_of(phone.post(f"{link}/card", data={"code": "1"})) == (422, "CARD_FORGED")
    clerk.post(url, data={"act": "unlink"})
    assert phone.get(f"{link}/card").status_code in (404, 410)


def test_what_stands_on_a_card(place):
    card = card_of(place.owner)
    assert (card.number, card.tier, card.color) == (place.member.card_number, None, "blue")
    assert find_card(card.number) == place.owner
    assert find_card("nobody") is None

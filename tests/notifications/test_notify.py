"""Telling people: once for one cause, in their language, by the channels that they chose."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.messages.models import Channel, OutgoingMessage
from portal.notifications import service
from portal.notifications.kinds import NotificationKind, add_kinds
from portal.notifications.models import Notification
from portal.notifications.quiet import NIGHT, next_moment
from portal.notifications.wording import WordingError, check_wording, fill_in
from tests import factories
from tests.carried import Carried, deliver

KIND = NotificationKind(
    "tests.greeting",
    title="Greetings",
    subject="Hello {name}",
    body="We saw you on {day}, {name}.",
    sample={"name": "Lin", "day": "6 December"},
    channels=frozenset({Channel.MAIL}),
)
URGENT = NotificationKind(
    "tests.urgent", "Urgent", "Now", "At once", {}, channels=frozenset({Channel.SMS}),
    required=True, urgent=True,
)  # fmt: skip
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)


@pytest.fixture(autouse=True)
def kinds(app: Flask) -> Iterator[None]:
    """Two kinds of notifications, in this test only."""
    add_kinds(app, [KIND, URGENT])
    yield
    for kind in (KIND, URGENT):
        del app.extensions["portal.notification_kinds"][kind.key]


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon in Shanghai."""
    monkeypatch.setattr(clock, "now", lambda: NOON)


@pytest.fixture
def mail(app: Flask) -> Iterator[Carried]:
    carried = Carried(app, Channel.MAIL)
    yield carried
    carried.stop()


@pytest.fixture
def sms(app: Flask) -> Iterator[Carried]:
    carried = Carried(app, Channel.SMS)
    yield carried
    carried.stop()


def tell(account: Account, kind: str = KIND.key, cause: str = "c1", **values: object) -> int:
    told = service.notify(
        account_ids=[account.id],
        kind=kind,
        cause=cause,
        values={"name": "林", "day": datetime(2026, 12, 6, 1, tzinfo=UTC).date(), **values},
        url="/me/",
    )
    db.session.commit()
    deliver(current_app._get_current_object())  # type: ignore[attr-defined]
    return told


def test_once_for_one_cause(app: Flask, noon: None, mail: Carried) -> None:
    account = factories.make_account(email="lin@example.test")
    assert tell(account) == 1
    assert tell(account) == 0
    assert tell(account, cause="c2") == 1
    assert len(mail.sent) == 2
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 2


def test_in_the_readers_language_with_fields_of_that_language(
    app: Flask, noon: None, mail: Carried
) -> None:
    account = factories.make_account(email="lin@example.test", locale="zh_Hans_CN")
    tell(account, name={"zh_Hans_CN": "林女士", "en": "Ms Lin"})
    to, subject, text = mail.sent[0]
    assert (to, subject) == ("lin@example.test", "Hello 林女士")
    assert "12月6日" in text
    assert "http://localhost/me/" in text
    row = db.session.scalars(sa.select(Notification)).one()
    assert row.subject["en"] == "Hello Ms Lin"
    assert "Dec 6" in row.body["en"]


def test_who_does_not_want_it_gets_none(
    app: Flask, noon: None, mail: Carried, sms: Carried
) -> None:
    account = factories.make_account(email="lin@example.test")
    wanted = {(KIND.key, "mail"): False, (KIND.key, "sms"): True, (URGENT.key, "sms"): False}
    service.choose(account=account, wanted=wanted, begins=0, ends=0)
    tell(account)
    tell(account, URGENT.key)
    assert mail.sent == []
    # What is required comes all the same.
    assert next(text for _, text in sms.sent).startswith("[业主会] Hello")
    assert len(sms.sent) == 2


def test_the_night_is_quiet_except_for_what_is_urgent(
    app: Flask, monkeypatch: pytest.MonkeyPatch, mail: Carried, sms: Carried
) -> None:
    account = factories.make_account(email="lin@example.test")
    monkeypatch.setattr(clock, "now", lambda: MIDNIGHT)
    tell(account)
    tell(account, URGENT.key)
    assert (len(mail.sent), len(sms.sent)) == (0, 1)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 23, 0, 0, 1, tzinfo=UTC))
    deliver(app)
    assert len(mail.sent) == 1


@pytest.mark.parametrize(
    ("now", "begins", "ends", "until"),
    [
        ("2026-11-22T21:59", *NIGHT, None),
        ("2026-11-22T22:00", *NIGHT, "2026-11-23T08:00"),
        ("2026-11-23T07:59", *NIGHT, "2026-11-23T08:00"),
        ("2026-11-23T08:00", *NIGHT, None),
        ("2026-11-22T13:00", 12 * 60, 14 * 60 + 30, "2026-11-22T14:30"),
        ("2026-11-22T15:00", 12 * 60, 14 * 60 + 30, None),
        ("2026-11-22T03:00", 0, 0, None),
    ],
)
def test_quiet_hours(now: str, begins: int, ends: int, until: str | None) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)

    found = next_moment(at(now), "Asia/Shanghai", begins, ends)
    assert found == (at(until) if until else None)


def test_an_unknown_kind_is_a_mistake(app: Flask) -> None:
    account = factories.make_account()
    with pytest.raises(ValueError, match="not registered"):
        tell(account, "tests.unknown")


def test_a_closed_account_gets_no_message(app: Flask, noon: None, mail: Carried) -> None:
    account = factories.make_account(email="lin@example.test", state="closed")
    tell(account)
    assert mail.sent == []


def test_words_of_the_club(app: Flask, noon: None, mail: Carried) -> None:
    actor = factories.make_staff("administrator")
    service.reword(actor=actor, kind=KIND, wordings={"en": ("Dear {name}", "It is {day}")})
    account = factories.make_account(email="lin@example.test", locale="en")
    tell(account)
    assert mail.sent[0][1] == "Dear 林"
    row = db.session.scalars(sa.select(Notification)).one()
    assert row.subject["zh_Hans_CN"] == "Hello 林"
    service.reword(actor=actor, kind=KIND, wordings={})
    tell(account, cause="c2")
    assert mail.sent[1][1] == "Hello 林"


@pytest.mark.parametrize(
    "text", ["{name.__class__}", "{name!r}", "{name:>10}", "{0}", "{}", "{other}", "{na", "}"]
)
def test_only_plain_fields_count(text: str) -> None:
    with pytest.raises(WordingError):
        check_wording(text, {"name"})


def test_braces_can_be_written() -> None:
    check_wording("{{{name}}}", {"name"})
    assert fill_in("{{{name}}}", {"name": "{x}"}) == "{{x}}"


def test_telling_many_takes_a_bounded_number_of_statements(
    app: Flask, noon: None, query_count: object
) -> None:
    ids = [factories.make_account(email=f"a{n}@example.test").id for n in range(50)]
    db.session.rollback()
    with query_count() as sent:  # type: ignore[operator]
        service.notify(account_ids=ids, kind=KIND.key, cause="c", values={"name": "x", "day": "y"})
    db.session.commit()
    assert len(sent) <= 9, sent.texts
    assert db.session.scalar(sa.select(sa.func.count()).select_from(OutgoingMessage)) == 50

"""Codes that plugins send: they prove a number, and nothing readable of it is kept."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask, session

from portal import sdk
from portal.accounts import codes
from portal.accounts.models import CodePurpose, OneTimeCode
from portal.extensions import db
from portal.messages.models import Channel, OutgoingMessage
from portal.plugin_host.refs import ProjectRef, project_ref
from tests import factories
from tests.carried import Carried, deliver
from tests.plugin_host.conftest import switch_on

PHONE = "+8613912345678"


@pytest.fixture
def sms(host_app: Flask) -> Iterator[Carried]:
    carried = Carried(host_app, Channel.SMS)
    yield carried
    carried.stop()


@pytest.fixture
def place(host_app: Flask) -> ProjectRef:
    project = factories.make_project(slug="own")
    switch_on("notes", project)
    return project_ref(project)


def ask(place: ProjectRef, purpose: str = "guest") -> bool:
    sent = sdk.send_code(plugin="notes", purpose=purpose, phone=PHONE, project=place)
    db.session.commit()
    return sent


def check(code: str, purpose: str = "guest") -> str:
    return sdk.check_code(plugin="notes", purpose=purpose, code=code)


def test_a_code_proves_a_strangers_number_once(
    host_app: Flask, place: ProjectRef, sms: Carried
) -> None:
    with host_app.test_request_context():
        assert ask(place)
        deliver(host_app)
        to, text = sms.sent[-1]
        code = re.search(r"\d{6}", text)
        assert (to, code is not None) == (PHONE, True)
        assert sdk.code_phone(plugin="notes", purpose="guest") == PHONE
        assert sdk.code_phone(plugin="notes", purpose="other") is None
        with pytest.raises(sdk.CodeError, match="expired"):
            check(code[0], "other")
        wrong = "000000" if code[0] != "000000" else "111111"
        with pytest.raises(sdk.CodeError, match="wrong") as refused:
            check(wrong)
        assert str(refused.value.sentence)
        assert check(f" {code[0][:3]} {code[0][3:]}") == PHONE
        db.session.commit()
        with pytest.raises(sdk.CodeError, match="expired"):
            check(code[0])
        with pytest.raises(sdk.CodeError, match="too_soon"):
            ask(place)


def test_nothing_readable_of_the_number_is_kept(
    host_app: Flask, place: ProjectRef, sms: Carried
) -> None:
    with host_app.test_request_context():
        ask(place)
        deliver(host_app)
        assert "13912345678" not in repr(dict(session))
    row = db.session.scalars(sa.select(OneTimeCode)).one()
    message = db.session.scalars(sa.select(OutgoingMessage)).one()
    assert (row.target, row.account_id) == ("", None)
    assert (message.plugin, message.address, message.body) == ("notes", None, None)


def test_it_confirms_nothing_of_the_portals_own(
    host_app: Flask, place: ProjectRef, sms: Carried
) -> None:
    with host_app.test_request_context():
        ask(place)
        deliver(host_app)
        token = session["code.plugin.notes"][2]
        found = re.search(r"\d{6}", sms.sent[-1][1])
        assert found
        with pytest.raises(codes.CodeError, match="wrong"):
            codes.redeem_code(
                purpose=CodePurpose.CONFIRM, phone=PHONE, request_token=token, code=found[0]
            )


def test_five_wrong_tries_are_enough(host_app: Flask, place: ProjectRef, sms: Carried) -> None:
    with host_app.test_request_context():
        ask(place)
        deliver(host_app)
        found = re.search(r"\d{6}", sms.sent[-1][1])
        assert found
        for _ in range(codes.WRONG_TRIES):
            with pytest.raises(sdk.CodeError):
                check("12345")
            db.session.rollback()
        with pytest.raises(sdk.CodeError, match="expired"):
            check(found[0])


def test_who_may_not_send(host_app: Flask, place: ProjectRef) -> None:
    other = project_ref(factories.make_project(slug="other"))
    with host_app.test_request_context():
        assert not sdk.send_code(plugin="notes", purpose="a", phone=PHONE, project=other)
        with pytest.raises(ValueError, match="not loaded"):
            sdk.send_code(plugin="nobody", purpose="a", phone=PHONE, project=place)
        for purpose in ("", "x" * 61):
            with pytest.raises(ValueError, match="purpose"):
                ask(place, purpose)
    assert db.session.scalar(sa.select(sa.func.count(OneTimeCode.id))) == 0

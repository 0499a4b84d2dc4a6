"""Referrals for programs: the owner's own, and the sales system's stages in any order."""

from typing import Any

import pytest
import sqlalchemy as sa

from plugins.referrals import stages
from plugins.referrals.models import EarlyStage, Lead
from portal import clock
from portal.extensions import db
from portal.sdk import points_balance
from tests import factories
from tests.plugins.referrals.test_rewards import DESK, promise, rewards, sell, today

AT = "/api/v1/p/binjiang/referrals"


@pytest.fixture
def call(client) -> Any:
    def call(token: str, method: str, path: str, **body: Any) -> Any:
        return client.open(
            AT + path, method=method, json=body or None,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    return call


def stage(lead: Lead, stage: str, **values: Any) -> dict[str, Any]:
    return {"code": lead.pass_code, "stage": stage, "on": today().isoformat(), **values}


def test_stages_come_in_any_order_and_repeated(app, call, place, make_lead):
    promise(place, "subscribed", 100_000, buildings=["3"])
    promise(place, "signed", 8_000_000)
    lead = make_lead()
    token = factories.make_service_token(
        "referrals.sales", "referrals.override", project=place.project
    )

    def send(*items: dict[str, Any]) -> list[str]:
        answer = call(token, "POST", "/staff/stages", items=list(items))
        assert answer.status_code == 200, answer.text
        return [each["result"] for each in answer.json["items"]]

    paid, signed = stage(lead, "paid"), stage(lead, "signed", buyer="spouse")
    subscribed = stage(lead, "subscribed", building="3")
    assert send(paid, signed, paid) == ["waiting"] * 3
    sell(place, lead)
    adviser = factories.sign_in(app.test_client(), place.adviser)
    assert "\u7b7e\u7ea6" in adviser.get(f"{DESK}leads/{lead.public_id}").text
    late = stage(lead, "closed", on="2999-01-01")
    assert send(subscribed, signed, late, {**paid, "code": "3333 3333"}) == [
        "done", "repeated", "FUTURE", "UNKNOWN_CODE",
    ]  # fmt: skip
    db.session.expire_all()
    assert (lead.state, lead.buyer) == ("paid", "spouse")
    assert [amount for _, amount, _ in rewards()] == [100_000, 8_000_000]
    assert db.session.scalar(sa.select(sa.func.count(EarlyStage.id))) == 0
    gone = {"code": lead.pass_code, "words": "\u9000\u623f"}
    for result in ("done", "repeated"):
        assert call(token, "POST", "/staff/cancellations", **gone).json["result"] == result
    assert points_balance(place.owner).available == 0
    reader = factories.make_token(place.verifier)
    assert call(reader, "POST", "/staff/stages", items=[paid]).status_code == 403
    assert call(token, "POST", "/staff/stages", items=[]).status_code == 422


def test_an_owners_program_sees_what_the_pages_show(call, place, make_lead):
    promise(place, "visited", 200_000)
    mine = factories.make_token(place.member)
    assert call(mine, "GET", "/code").json == {"code": "", "open": True}
    code = call(mine, "POST", "/code").json["code"]
    assert call(mine, "POST", "/code").json["code"] == code
    first, second = make_lead(), make_lead()
    sell(place, first)
    act = {"actor": place.verifier, "project": place.ref, "lead": second, "at": clock.now()}
    stages.reject(**act, reason="NoticeTooShort", words="")
    db.session.commit()
    listed = call(mine, "GET", "/leads").json["items"]
    assert {each["state"] for each in listed} == {"visited", "rejected"}
    shown = call(mine, "GET", f"/leads/{first.public_id}").json
    assert shown["rewards"][0]["amount"] == 200_000
    assert first.phone not in str(shown)
    assert "\u5468\u5148\u751f" not in str(shown)
    path = f"/leads/{second.public_id}/dispute"
    assert (
        call(mine, "POST", path, words="\u6211\u65e9\u5df2\u62a5\u5907").json["dispute"] == "open"
    )
    again = call(mine, "POST", path, words="x")
    assert again.status_code == 409
    other = factories.make_token(factories.make_owner(place.project))
    assert call(other, "GET", f"/leads/{first.public_id}").status_code == 404
    assert call(other, "GET", "/leads").json["items"] == []

"""The board of the year: only who chose it, by an alias that is theirs alone."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from plugins.referrals import privacy
from plugins.referrals.board import ranks
from plugins.referrals.models import Referrer
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from tests import factories
from tests.plugins.referrals.conftest import code_of
from tests.plugins.referrals.test_rewards import cancel, sell, today

PAGE = "/p/binjiang/referrals/board"


def aliases() -> list[str | None]:
    """Return the aliases that are kept."""
    return sorted(each for each in db.session.scalars(sa.select(Referrer.alias)) if each)


def test_only_who_chose_it_stands_there_by_an_alias(
    client: FlaskClient, place: Any, make_lead: Any
) -> None:
    neighbour = factories.make_owner(place.project, name="陈明")
    for _ in range(2):
        sell(place, make_lead(), "subscribed", "signed")
    sell(place, make_lead(member=neighbour), "subscribed", "signed")
    cancelled = make_lead(member=neighbour)
    sell(place, cancelled, "subscribed", "signed")
    cancel(place, cancelled)
    factories.sign_in(client, neighbour)
    assert ranks(place.ref, today().year, 0) == []
    assert client.post(PAGE, data={"alias": "银杏"}).status_code == 303
    factories.sign_in(client, place.member)
    assert client.post(PAGE, data={"alias": "桂花"}).status_code == 303
    found = ranks(place.ref, today().year, code_of(place).id)
    assert [(each.place, each.alias, each.friends, each.is_own) for each in found] == [
        (1, "桂花", 2, True),
        (2, "银杏", 1, False),
    ]
    assert ranks(place.ref, today().year - 1, 0) == []
    text = client.get(PAGE).text
    assert "银杏" in text
    assert "陈明" not in text
    assert client.post(PAGE, data={"alias": ""}).status_code == 303
    assert aliases() == ["银杏"]


@pytest.mark.parametrize("alias", ["a", "太长的别名" * 3, "13800138000", "a b", "<b>"])
def test_an_alias_is_a_short_word(client: FlaskClient, place: Any, alias: str) -> None:
    code_of(place)
    factories.sign_in(client, place.member)
    answer = client.post(PAGE, data={"alias": alias})
    assert answer.status_code == 422
    assert aliases() == []


def test_an_alias_is_one_owners(client: FlaskClient, place: Any) -> None:
    neighbour = factories.make_owner(place.project)
    code_of(place, neighbour).alias = "桂花"
    db.session.commit()
    factories.sign_in(client, place.member)
    assert client.post(PAGE, data={"alias": "桂花"}).status_code == 404
    code_of(place)
    assert client.post(PAGE, data={"alias": "桂花"}).status_code == 409
    assert aliases() == ["桂花"]
    privacy.erase(member_ref(neighbour))
    db.session.commit()
    assert aliases() == []

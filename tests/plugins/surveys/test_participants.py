"""A draft narrowed to a list: an outcome for each row, shown before it holds, then the frame."""

import pytest

from plugins.surveys.participants.service import Outcome, examine, keep
from plugins.surveys.states import State, Unit
from plugins.surveys.waves import service
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.sdk import find_cards
from tests import factories
from tests.plugins.surveys.waves import make_wave


@pytest.fixture
def draft(place):
    return make_wave(place.project.id, state=State.DRAFT)


@pytest.fixture
def page(draft):
    return f"/p/binjiang/staff/surveys/{draft.public_id}/participants"


def test_each_row_has_its_outcome(place, query_count):
    stranger = factories.make_owner(factories.make_project(slug="siji"))
    mine, theirs = place.member.card_number, stranger.card_number
    db.session.commit()
    wanted = [Outcome.TAKEN, Outcome.UNKNOWN, Outcome.ELSEWHERE, Outcome.TWICE]
    cards = [mine, "00000000", theirs, f" {mine[:4]} {mine[4:]} "]
    typed = "\n".join(cards).encode()
    with query_count() as few:
        rows = examine(data=typed, project=place.ref)
    assert [row.outcome for row in rows] == wanted
    assert [row.member for row in rows] == [place.member.id, None, None, None]
    with query_count() as many:
        examine(
            data="\n".join([*cards, *(f"1{n}" for n in range(490))]).encode(), project=place.ref
        )
    assert len(many) == len(few)
    table = "\r\n".join(["姓名,会员卡号", *(f"某人,{card}" for card in cards)]).encode("gb18030")
    assert [row.outcome for row in examine(data=table, project=place.ref)] == wanted
    assert find_cards([mine, "0"]) == {mine: place.owner}


def test_a_list_is_looked_at_kept_and_taken_out(client, place, draft, page, caplog):
    desk = factories.sign_in(client, place.clerk)
    mine = place.member.card_number
    looked = desk.post(page, data={"act": "check", "version": 1, "cards": f"{mine}\n123"})
    assert looked.status_code == 200
    assert "没有这个卡号" in looked.text
    db.session.refresh(draft)
    assert draft.frame_rule == {}
    for cards, status in ((mine, 303), ("123", 422), ("", 422)):
        answer = desk.post(page, data={"act": "keep", "version": draft.version, "cards": cards})
        assert answer.status_code == status
    db.session.refresh(draft)
    assert draft.frame_rule == {"members": [place.member.id]}
    assert "限定在 1 人的名单内" in desk.get(page.removesuffix("/participants")).text
    stale = desk.post(page, data={"act": "keep", "version": 1, "cards": mine})
    assert stale.status_code == 409
    # What is saved beside it leaves the list alone.
    terms = page.replace("participants", "terms")
    given = {"version": draft.version, "title_zh_Hans_CN": "回访", "mode": "confidential"}
    given |= {"unit": "household", "points": 0, "least_cell": 10, "stages": "senior"}
    assert desk.post(terms, data=given).status_code == 303
    db.session.refresh(draft)
    assert draft.frame_rule == {"members": [place.member.id], "stages": ["senior"]}
    assert desk.post(page, data={"act": "clear", "version": draft.version}).status_code == 303
    db.session.refresh(draft)
    assert draft.frame_rule == {"stages": ["senior"]}
    assert mine not in caplog.text


@pytest.mark.parametrize("unit", [Unit.HOUSEHOLD, Unit.PERSON])
def test_the_frame_and_its_hash_are_those_of_the_list(place, draft, unit):
    clerk, manager = (db.session.get(Account, each.id) for each in (place.clerk, place.manager))
    service.change(actor=clerk, wave=draft, version=1, unit=unit)
    everybody = service.draw(place.ref, unit=unit, rule={}, today=clock.now().date())
    keep(actor=clerk, wave=draft, version=2, members=[place.member.id])
    at = {"project": place.ref, "wave": draft, "at": clock.now()}
    service.take_step(actor=clerk, step="send", version=3, **at)
    with pytest.raises(service.SurveyError, match="ILLEGAL_STEP"):
        keep(actor=clerk, wave=draft, version=4, members=[])
    service.take_step(actor=manager, step="freeze", version=4, **at)
    key = f"m:{place.member.id}" if unit == Unit.PERSON else f"h:{place.member.household_id}"
    mine = [line for line in everybody if line.unit_key == key]
    assert (len(everybody), len(mine)) == (2, 1)
    assert draft.frame_hash == service.hashes(draft, mine)["frame_hash"]
    # The next wave asks anybody again.
    assert service.next_wave(actor=clerk, wave=draft).frame_rule == {}

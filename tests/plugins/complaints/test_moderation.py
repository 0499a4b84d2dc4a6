"""Moderation: nothing vanishes, every act has a reason that owners read, and may be appealed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.complaints import looks, moderation, posting, sanctions, screening
from plugins.complaints.casework import acting_at, database_now
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Act, Case, Edit, Post, Review
from plugins.complaints.states import ActKind, Ring
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from tests import factories
from tests.plugins.complaints.conftest import sound

LIST = "/p/binjiang/complaints/"
DESK = "/p/binjiang/staff/complaints/"
QUEUE = f"{DESK}moderation"


@pytest.fixture
def held(monkeypatch):
    """Let two words be held: one of them rises when nobody looks."""
    from portal.sdk import plugin_settings

    def read(plugin, project):
        words = {"held_words": "骗子", "legal_words": "炸药"}
        return {**plugin_settings(plugin, project), **words}

    monkeypatch.setattr(moderation, "plugin_settings", read)


@pytest.fixture
def guard(app, place):
    """A moderator of the project, signed in."""
    account = factories.make_staff("moderator", place.project, display_name="周版主")
    return factories.sign_in(app.test_client(), account)


def say(place, case, body, member=None):
    made = posting.reply(
        case_id=case.id, member=member_ref(member or place.neighbour), project=place.ref, body=body
    )
    db.session.commit()
    return made


def only(model, **where):
    db.session.expire_all()
    return db.session.scalars(sa.select(model).filter_by(**where)).one()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("打13800138000", "打138********"),
        ("138-0013-8000。", "138**********。"),
        ("１３８００１３８０００", "１３８********"),
        ("11010519491231002X", "110***************"),
        ("粤B12345来了", "粤B1****来了"),
        ("单号 12345678901234", "单号 12345678901234"),
        ("13 楼 8 户", "13 楼 8 户"),
    ],
)
def test_personal_numbers_are_found_and_masked(said, shown):
    assert screening.mask(said) == shown
    assert bool(screening.personal(said)) == (said != shown)


@pytest.mark.parametrize("said", ["骗子", "騙子", "骗-子", "骗 子", "骗骗子", "骗＊子", "大骗🤬子"])
def test_a_listed_word_is_found_however_it_is_disguised(said):
    assert screening.has_word([said], ["骗子"])
    assert not screening.has_word(["子女被骗"], ["骗子"])


def test_numbers_are_asked_about_then_masked_or_held(app, client, place, make_case):
    case = make_case()
    neighbour = factories.sign_in(client, place.neighbour)
    reply = f"{LIST}{case.public_id}/reply"
    asked = neighbour.post(reply, data={"body": "找 13800138000"})
    assert asked.status_code == 422
    assert 'value="mask"' in asked.text
    assert "找 13800138000" in asked.text
    data = {"body": "找 13800138000", "personal": "mask"}
    assert neighbour.post(reply, data=data).status_code == 303
    assert only(Post).body == "找 138********"
    data["personal"] = "hold"
    assert neighbour.post(reply, data=data).status_code == 303
    assert only(Review).reasons == {"personal": 1}
    other = factories.sign_in(app.test_client(), factories.make_owner(place.project))
    page = f"{LIST}{case.public_id}"
    assert "13800138000" not in other.get(page).text
    assert "等待版主查看" in other.get(page).text
    assert "13800138000" in neighbour.get(page).text
    assert "没有符合条件" in other.get(f"{LIST}?q=13800138000").text


def test_a_held_complaint_shows_neighbours_that_it_is_there_and_nothing_more(
    held, app, client, place, make_case, guard
):
    case = make_case(title="物业是骗子", body="电梯里写着密码")
    owner = factories.sign_in(client, place.member)
    other = factories.sign_in(app.test_client(), place.neighbour)
    page = f"{LIST}{case.public_id}"
    assert "物业是骗子" in owner.get(page).text
    for path in (LIST, page, f"{LIST}?q=密码", f"{LIST}new?title=物业是骗子吗", "/search?q=密码"):
        assert "电梯里写着密码" not in other.get(path).text
    assert case.public_id in other.get(LIST).text
    assert case.public_id not in other.get(f"{LIST}?q=密码").text
    assert case.public_id not in other.get(f"{LIST}new?title=物业是骗子吗").text
    assert case.code in other.get(page).text
    for act in ("reply", "me-too", "report"):
        assert other.post(f"{page}/{act}", data={"body": "有"}).status_code == 404
    assert other.get(f"{page}/history").status_code == 404
    look = only(Review)
    decision = {"act": "keep", "sanction": "none"}
    assert guard.post(f"{QUEUE}/{look.public_id}", data=decision).status_code == 303
    assert "物业是骗子" in other.get(page).text
    assert guard.post(f"{QUEUE}/{look.public_id}", data=decision).status_code == 409
    assert sound(case).veil == ""


def test_what_nobody_looks_at_is_released_and_the_delicate_rises(held, place, make_case):
    plain, legal = make_case(title="骗子"), make_case(title="有炸药")
    late = database_now() + timedelta(hours=25)
    with acting_at(late):
        for case in (plain, legal):
            look = only(Review, case_id=case.id)
            values = {"review_id": look.id, "case_id": case.id, "project": place.ref}
            assert looks.release(**values) is True
            assert looks.release(**values) is False
        db.session.commit()
    assert (sound(plain).veil, sound(legal).veil) == ("", "held")
    assert only(Review, case_id=legal.id).raised
    assert only(Act, case_id=plain.id, kind="release").reason == "stale"


def test_reports_count_a_household_once_and_hide_nothing(app, client, place, make_case, guard):
    case = make_case()
    said = say(place, case, "胡说")
    neighbour = factories.sign_in(client, place.neighbour)
    owner = factories.sign_in(app.test_client(), place.member)
    page = f"{LIST}{case.public_id}"
    report = f"{page}/report?post={said.public_id}"
    data = {"reason": "abuse", "body": "骂人"}
    assert neighbour.post(report, data=data).status_code == 409
    assert owner.post(report, data={"reason": "none"}).status_code == 422
    assert owner.post(f"{page}/report?post=unknown", data=data).status_code == 404
    for _twice in range(2):
        assert owner.post(report, data=data).status_code == 303
    look = only(Review)
    assert (look.reports, look.reasons) == (1, {"abuse": 1})
    assert "胡说" in owner.get(page).text
    assert "骂人" in guard.get(f"{QUEUE}/{look.public_id}").text
    assert neighbour.get(f"{QUEUE}/{look.public_id}").status_code == 403
    decision = {"act": "hide", "sanction": "mute"}
    assert guard.post(f"{QUEUE}/{look.public_id}", data=decision).status_code == 422
    decision |= {"reason": "abuse", "days": "3", "note": "请勿辱骂"}
    assert guard.post(f"{QUEUE}/{look.public_id}", data=decision).status_code == 303
    text = owner.get(page).text
    assert "胡说" not in text
    assert "周版主" in text
    assert "辱骂或威胁" in text
    rules = owner.get(f"{LIST}rules").text
    assert "已隐藏" in rules
    assert place.neighbour.name not in rules
    assert neighbour.post(f"{page}/reply", data={"body": "又来"}).status_code == 403
    mine = make_case("我家漏水", member=place.neighbour)
    assert neighbour.post(f"{LIST}{mine.public_id}/reply", data={"body": "补充"}).status_code == 303
    acts = db.session.scalars(sa.select(Act.public_id).where(Act.kind == ActKind.HIDE)).all()
    appeal = f"{LIST}acts/{acts[0]}"
    assert owner.get(appeal).status_code == 404
    assert "请勿辱骂" in neighbour.get(appeal).text
    assert neighbour.post(appeal, data={"body": "只是着急"}).status_code == 303
    assert neighbour.post(appeal, data={"body": "再次"}).status_code == 409
    decided = f"{QUEUE}/appeals/{acts[0]}"
    assert guard.get(decided).status_code == 403
    centre = factories.sign_in(app.test_client(), place.centre)
    assert "只是着急" in centre.get(decided).text
    answer = {"verdict": "overturn", "body": "语气重，但在说事"}
    assert centre.post(decided, data=answer).status_code == 303
    assert centre.post(decided, data=answer).status_code == 409
    assert "胡说" in owner.get(page).text
    assert "语气重，但在说事" in owner.get(f"{LIST}rules").text
    sound(case)


def test_suspended_members_still_complain_to_the_staff(app, client, place, make_case, guard):
    case = make_case(member=place.neighbour)
    assert guard.post(f"{DESK}{case.public_id}/look").status_code == 303
    look = only(Review)
    decision = {"act": "keep", "sanction": "suspend", "reason": "advert", "days": "7"}
    assert guard.post(f"{QUEUE}/{look.public_id}", data=decision).status_code == 303
    with pytest.raises(CaseError, match="SUSPENDED"):
        make_case(member=place.neighbour)
    db.session.rollback()
    assert make_case(member=place.neighbour, ring=Ring.PRIVATE).id
    act = only(Act, kind="suspend")
    assert "停用" in guard.get(f"{QUEUE}?tab=sanctions").text
    lift = f"{QUEUE}/acts/{act.public_id}/lift"
    assert guard.post(lift).status_code == 303
    assert guard.post(lift).status_code == 409
    assert sanctions.barred(place.ref, member_ref(place.neighbour)) is None
    assert make_case(member=place.neighbour).id


def test_nobody_moderates_their_own_case_or_words(app, place, make_case):
    account = factories.make_staff("moderator", place.project, display_name="周版主")
    case = make_case()
    db.session.get_one(Case, case.id).assignee_id = account.id
    db.session.commit()
    guard = factories.sign_in(app.test_client(), account)
    assert guard.post(f"{DESK}{case.public_id}/look").status_code == 409
    assert guard.post(f"{DESK}{case.public_id}/lock").status_code == 409
    assert not db.session.scalars(sa.select(Act)).all()


def test_a_locked_thread_is_open_to_its_household(app, client, place, make_case, guard):
    case = make_case()
    assert guard.post(f"{DESK}{case.public_id}/lock").status_code == 303
    neighbour = factories.sign_in(client, place.neighbour)
    owner = factories.sign_in(app.test_client(), place.member)
    reply = f"{LIST}{case.public_id}/reply"
    assert neighbour.post(reply, data={"body": "我家也有"}).status_code == 403
    assert owner.post(reply, data={"body": "还在响"}).status_code == 303
    assert guard.post(f"{DESK}{case.public_id}/lock").status_code == 303
    assert neighbour.post(reply, data={"body": "我家也有"}).status_code == 303
    assert [act.kind for act in db.session.scalars(sa.select(Act).order_by(Act.created_at))] == [
        "lock",
        "unlock",
    ]


def test_masking_reaches_earlier_words_too(place, make_case, guard):
    case = make_case(body="电话 13800138000")
    posting.change_words(
        case_id=case.id, member=place.owner, project=place.ref, body="电话 13800138000 找我"
    )
    db.session.commit()
    look = only(Review)
    decision = {"act": "mask", "reason": "personal", "sanction": "none"}
    assert guard.post(f"{QUEUE}/{look.public_id}", data=decision).status_code == 303
    assert sound(case).body == "电话 138******** 找我"
    assert only(Edit).body == "电话 138********"

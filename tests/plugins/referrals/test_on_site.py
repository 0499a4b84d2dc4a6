"""Verification on site: the checks with their evidence, the decision, the clocks, the sale."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.referrals import inviting, privacy
from plugins.referrals.exclusions import hash_of
from plugins.referrals.models import Campaign, KnownCustomer, Lead, Note, Step
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.facts.models import Fact, Subject
from tests import factories
from tests.plugins.referrals.conftest import code_of, make_rules
from tests.plugins.referrals.test_consent import E164, run_clock

DESK = "/p/binjiang/staff/referrals/"


@pytest.fixture
def verifier(app, place):
    return factories.sign_in(app.test_client(), place.verifier)


@pytest.fixture
def adviser(app, place):
    return factories.sign_in(app.test_client(), place.adviser)


@pytest.fixture
def manager(app, place):
    return factories.sign_in(app.test_client(), place.manager)


def now_of(lead) -> Lead:
    return db.session.get_one(Lead, lead.id)


def page_of(lead) -> str:
    return f"{DESK}leads/{lead.public_id}"


def today():
    return clock.business_date("Asia/Shanghai")


def test_scan_check_and_accept(verifier, adviser, client, place, make_lead):
    lead = make_lead(E164)
    found = verifier.get(f"{DESK}scan?code={lead.pass_code.lower()}")
    assert found.location == page_of(lead)
    assert verifier.get(f"{DESK}scan?code=WWWWWWWW").status_code == 404
    assert verifier.post(f"{page_of(lead)}/arrive").status_code == 303
    page = verifier.get(found.location).text
    for evidence in (
        "核对 9 项",
        "凭证已存",
        "提前 60 分钟",
        "与业主名册比对",
        "与业主家庭成员无重合",
    ):
        assert evidence in page
    assert "不通过" not in page
    answer = verifier.post(f"{page_of(lead)}/decide", data={"choice": "accept"})
    assert answer.status_code == 303
    assert now_of(lead).state == "visited"
    step = db.session.scalars(sa.select(Step).where(Step.step == "accepted")).one()
    assert step.rules_version == 1
    assert set(step.facts["checks"].values()) == {"passed"}
    owner = factories.sign_in(client, place.member)
    shown = owner.get(f"/p/binjiang/referrals/leads/{lead.public_id}").text
    assert "已到访" in shown
    assert "保护期至" in shown
    assert "已认定为您的推荐" in owner.get("/me/inbox").text


def test_a_short_notice_is_stored_and_a_person_decides(verifier, place, make_lead):
    lead = make_lead()
    db.session.execute(sa.update(Lead).values(reported_at=clock.now() - timedelta(minutes=10)))
    db.session.commit()
    verifier.post(f"{page_of(lead)}/arrive")
    assert "提前 10 分钟" in verifier.get(page_of(lead)).text
    without = verifier.post(f"{page_of(lead)}/decide", data={"choice": "accept"})
    assert (without.status_code, "请写明原因" in without.text) == (422, True)
    words = {"choice": "accept", "words": "业主陪同"}
    assert verifier.post(f"{page_of(lead)}/decide", data=words).status_code == 303
    assert db.session.scalars(sa.select(Note.text)).all() == ["业主陪同"]


def test_a_failed_check_is_the_managers(app, verifier, manager, place, make_lead):
    lead = make_lead(E164)
    factories.add(
        KnownCustomer(
            project_id=place.project.id,
            phone_hash=hash_of(E164),
            seen="visit",
            # The lead is an hour old: shortly after midnight it is yesterday's.
            seen_on=today() - timedelta(days=2),
        )
    )
    page = verifier.get(page_of(lead)).text
    assert "不通过" in page
    assert "来访登记" in page
    owner = factories.sign_in(app.test_client(), place.member)
    assert "来访登记" not in owner.get(f"/p/binjiang/referrals/leads/{lead.public_id}").text
    data = {"choice": "accept", "words": "客户由业主带来"}
    assert verifier.post(f"{page_of(lead)}/decide", data=data).status_code == 409
    asked = verifier.post(f"{page_of(lead)}/decide", data={**data, "choice": "escalate"})
    assert asked.status_code == 303
    assert page_of(lead) in manager.get(f"{DESK}?state=manager").text
    assert manager.post(f"{page_of(lead)}/decide", data=data).status_code == 303
    assert now_of(lead).state == "accepted"


def test_rejecting_needs_a_reason_that_the_owner_reads(verifier, client, place, make_lead):
    lead = make_lead()
    for data in ({"choice": "reject"}, {"choice": "reject", "reason": "x"}, {}):
        answer = verifier.post(f"{page_of(lead)}/decide", data=data)
        assert answer.status_code == 422
    data = {"choice": "reject", "reason": "LeadKnownToProject"}
    assert verifier.post(f"{page_of(lead)}/decide", data=data).status_code == 303
    again = verifier.post(f"{page_of(lead)}/decide", data=data)
    assert (again.status_code, "未认定" in again.text) == (409, True)
    owner = factories.sign_in(client, place.member)
    assert "售楼处已经认识这位客户" in owner.get("/p/binjiang/referrals/").text


def test_a_late_answer_escalates_and_is_never_a_refusal(verifier, app, place, make_lead):
    lead = make_lead()
    past = clock.now() - timedelta(minutes=1)
    db.session.execute(sa.update(Lead).values(answer_by=past))
    db.session.commit()
    for _ in range(2):
        run_clock(app, place)
    found = now_of(lead)
    assert found.state == "reported"
    assert found.escalated_at is not None
    steps = db.session.scalars(sa.select(Step.step)).all()
    assert steps.count("escalated") == 1
    # Who stands at the desk does not lapse while we owe the answer.
    verifier.post(f"{page_of(lead)}/arrive")
    db.session.execute(sa.update(Lead).values(ends_at=past))
    db.session.commit()
    run_clock(app, place)
    assert now_of(lead).state == "reported"


def test_protection_ends_and_only_meetings_renew_it(verifier, adviser, app, place, make_lead):
    lead = make_lead(E164)
    verifier.post(f"{page_of(lead)}/arrive")
    verifier.post(f"{page_of(lead)}/decide", data={"choice": "accept"})
    soon = clock.now() + timedelta(days=1)
    db.session.execute(sa.update(Lead).values(ends_at=soon))
    db.session.commit()
    assert verifier.post(f"{page_of(lead)}/follow-up", data={"kind": "visit"}).status_code == 403
    assert adviser.post(f"{page_of(lead)}/follow-up", data={"kind": "call"}).status_code == 404
    answer = adviser.post(f"{page_of(lead)}/follow-up", data={"kind": "viewing"})
    assert answer.status_code == 303
    renewed = now_of(lead).ends_at
    assert timedelta(days=29) < renewed - clock.now() <= timedelta(days=30)
    db.session.execute(sa.update(Lead).values(ends_at=clock.now() - timedelta(seconds=1)))
    db.session.commit()
    run_clock(app, place)
    assert now_of(lead).state == "lapsed"
    other = factories.make_owner(place.project)
    assert make_lead(E164, member=other).state == "reported"


def test_the_sale_in_its_order_with_its_days(verifier, adviser, manager, place, make_lead):
    lead = make_lead(E164)
    url = f"{page_of(lead)}/stage"
    data = {"on": today().isoformat(), "evidence": "RG-0012"}
    assert adviser.post(url, data={**data, "to": "subscribed"}).status_code == 409
    verifier.post(f"{page_of(lead)}/arrive")
    verifier.post(f"{page_of(lead)}/decide", data={"choice": "accept"})
    future = {**data, "to": "subscribed", "on": (today() + timedelta(days=1)).isoformat()}
    back = {**data, "to": "subscribed", "on": (today() - timedelta(days=1)).isoformat()}
    for wrong in (future, back, {**data, "to": "subscribed", "on": "x"}):
        assert adviser.post(url, data=wrong).status_code == 422
    assert verifier.post(url, data={**data, "to": "subscribed"}).status_code == 403
    assert adviser.post(url, data={**data, "to": "subscribed"}).status_code == 303
    assert now_of(lead).ends_at is None
    stranger = adviser.post(url, data={**data, "to": "signed", "buyer": "other"})
    assert (stranger.status_code, "签约人不是朋友本人" in stranger.text) == (422, True)
    assert adviser.post(url, data={**data, "to": "signed", "buyer": "sibling"}).status_code == 422
    for to in ("signed", "paid", "closed"):
        answer = adviser.post(url, data={**data, "to": to, "buyer": "spouse"})
        assert answer.status_code == 303
    assert adviser.post(url, data={**data, "to": "signed", "buyer": "spouse"}).status_code == 303
    found = now_of(lead)
    assert (found.state, found.buyer) == ("closed", "spouse")
    cancel = {"to": "cancelled", "words": "客户退房"}
    assert adviser.post(f"{page_of(lead)}/end", data=cancel).status_code == 403
    assert manager.post(f"{page_of(lead)}/end", data=cancel).status_code == 303
    assert now_of(lead).state == "cancelled"
    steps = db.session.scalars(sa.select(Step.step).where(Step.stage)).all()
    assert len(steps) == len(set(steps))


def test_the_rules_of_the_day_decide_and_versions_follow_each_other(manager, place, make_lead):
    lead = make_lead()
    make_rules(place.project, version=2, notice_minutes=600, protection_days=7)
    page = manager.get(page_of(lead)).text
    assert "规则第 1 版" in page
    assert "报备早于到访 30 分钟" in page
    new = f"{DESK}rules/new"
    assert 'value="2"' in manager.get(new).text
    later = clock.now() + timedelta(days=40)
    form = {
        "after": "2",
        "title_zh_Hans_CN": "邀好友",
        "promise_zh_Hans_CN": "到访得礼",
        "starts_at": f"{later:%Y-%m-%dT%H:%M}",
        "protection_days": "15",
        "visit_days": "15",
        "subscribe_days": "60",
        "known_days": "30",
        "notice_minutes": "30",
        "answer_minutes": "60",
        "consent_hours": "48",
        "most_a_day": "10",
        "kin": ["spouse"],
    }
    past = manager.post(new, data={**form, "starts_at": "2026-01-01T00:00"})
    assert (past.status_code, "生效时间不能早于现在" in past.text) == (422, True)
    assert manager.post(new, data={**form, "protection_days": "11"}).status_code == 422
    assert manager.post(new, data={**form, "title_zh_Hans_CN": ""}).status_code == 422
    assert manager.post(new, data=form).status_code == 303
    stale = manager.post(new, data=form)
    assert (stale.status_code, "期间有人保存了新版本" in stale.text) == (409, True)
    found = db.session.scalars(sa.select(Campaign).where(Campaign.version == 3)).one()
    assert found.kin == ["spouse"]
    listed = manager.get(f"{DESK}rules").text
    assert "尚未生效" in listed
    assert "到访得礼" in manager.get(f"{DESK}rules/{found.public_id}").text


def test_known_customers_are_kept_as_hashes(adviser, verifier, place):
    url = f"{DESK}known"
    data = {
        "seen": "visit",
        "seen_on": today().isoformat(),
        "numbers": "13912345678\n\n138 0013 8000",
    }
    assert adviser.post(url, data=data).status_code == 303
    assert adviser.post(url, data=data).status_code == 303
    kept = db.session.scalars(sa.select(KnownCustomer.phone_hash)).all()
    assert sorted(kept) == sorted(map(hash_of, (E164, "+8613800138000")))
    wrong = adviser.post(url, data={**data, "numbers": "13912345678\n123"})
    assert wrong.status_code == 422
    assert "2" in wrong.text
    tomorrow = (today() + timedelta(days=1)).isoformat()
    assert adviser.post(url, data={**data, "seen_on": tomorrow}).status_code == 422
    assert verifier.get(url).status_code == 403
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "referrals.known_entered")
    ).first()
    assert entry.facts == {"seen": "visit", "numbers": 2}


def test_the_list_searches_filters_pages_and_exports(adviser, verifier, place, make_lead):
    assert "还没有推荐线索" in adviser.get(DESK).text
    first = make_lead(E164, name="周先生")
    for number in range(3):
        make_lead(name=f"沈女士{number}")
    assert page_of(first) in adviser.get(f"{DESK}?q=13912345678").text
    assert page_of(first) in adviser.get(f"{DESK}?q={first.pass_code}").text
    found = adviser.get(f"{DESK}?q=沈女士").text
    assert "周先生" not in found
    assert found.count("沈女士") >= 3
    assert "没有符合条件的线索" in adviser.get(f"{DESK}?state=ended").text
    assert page_of(first) in adviser.get(f"{DESK}?state=waiting").text
    with adviser.post(f"{DESK}export.csv?q=周") as sent:
        text = sent.data.decode("utf-8-sig")
    assert "139****5678" in text
    assert "13912345678" not in text
    assert "沈女士" not in text
    with adviser.post(f"{DESK}export.xlsx") as sent:
        assert sent.status_code == 200
    assert adviser.post(f"{DESK}export.pdf").status_code == 404
    assert verifier.post(f"{DESK}export.csv").status_code == 403


def test_pages_cost_the_same_however_many(adviser, client, place, make_lead, query_count):
    owner = factories.sign_in(client, place.member)
    first = make_lead()
    pages = [(adviser, DESK), (owner, "/p/binjiang/referrals/"), (adviser, page_of(first))]
    for _ in range(3):
        make_lead()
    for reader, url in pages:
        with query_count() as statements:
            assert reader.get(url).status_code == 200
        assert len(statements) <= 16, (url, statements)


def test_an_erased_owners_code_is_closed_and_a_purge_leaves_nothing(place, make_lead):
    make_lead()
    referrer = code_of(place)
    lead, _link = inviting.invite(
        project=place.ref, member=place.owner, referrer=referrer, phone=E164, at=clock.now()
    )
    parts = privacy.export_of(place.owner)
    assert len(parts[1].rows) == 2
    privacy.erase(place.owner)
    db.session.commit()
    assert now_of(lead).phone_hash is None
    assert code_of(place).closed_at is not None
    privacy.purge(place.ref)
    db.session.commit()
    for model in (Lead, Step, Campaign):
        assert db.session.scalar(sa.select(sa.func.count(model.id))) == 0


def test_rules_hear_of_each_stage_once_and_a_cancelled_purchase_takes_it_back(
    verifier, adviser, manager, place, make_lead
):
    lead = make_lead(E164)
    for _ in range(2):
        verifier.post(f"{page_of(lead)}/arrive")
        verifier.post(f"{page_of(lead)}/decide", data={"choice": "accept"})
    for to in ("subscribed", "signed", "signed"):
        data = {"on": today().isoformat(), "to": to, "buyer": "friend"}
        assert adviser.post(f"{page_of(lead)}/stage", data=data).status_code == 303
    told = sa.select(Fact.source).where(Fact.member_id == place.member.id)
    sources = ["referrals.signed", "referrals.subscribed", "referrals.visited"]
    assert sorted(db.session.scalars(told)) == sources
    taken = sa.select(Subject.withdrawn_on).where(Subject.subject == f"referrals:{lead.public_id}")
    assert db.session.scalars(taken).all() == [None]
    manager.post(f"{page_of(lead)}/end", data={"to": "cancelled", "words": "退房"})
    assert db.session.scalars(taken).all() == [clock.business_date("Asia/Shanghai")]


def test_stages_come_as_lines_in_any_order_and_again(verifier, adviser, place, make_lead):
    lead, other = make_lead(E164), make_lead(name="沈女士")
    verifier.post(f"{page_of(lead)}/arrive")
    verifier.post(f"{page_of(lead)}/decide", data={"choice": "accept"})
    day = today().isoformat()
    lines = [
        "code,stage,day,buyer,paper",
        f"{lead.pass_code},signed,{day},spouse,HT-1",
        f"{lead.pass_code.lower()},subscribed,{day},,RG-1",
        f"{lead.pass_code},signed,{day},spouse,HT-1",
        f"{other.pass_code},subscribed,{day},,",
        f"WWWWWWWW,subscribed,{day},,",
        f"{lead.pass_code},paid,31.12.,,",
    ]
    answer = adviser.post(f"{DESK}import", data={"rows": "\n".join(lines)})
    assert answer.status_code == 200
    for says in ("已登记", "此前已有", "没有对应此编码的线索", "等待上一阶段", "无法识别"):
        assert says in answer.text
    assert (now_of(lead).state, now_of(lead).buyer) == ("signed", "spouse")
    assert now_of(other).state == "reported"
    again = adviser.post(f"{DESK}import", data={"rows": "\n".join(lines)})
    assert "已登记" not in again.text.replace("未登记", "")
    many = "\n".join(f"WWWWWWWW,paid,{day}" for _ in range(501))
    assert adviser.post(f"{DESK}import", data={"rows": many}).status_code == 422
    assert verifier.get(f"{DESK}import").status_code == 403

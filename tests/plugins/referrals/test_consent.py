"""Code, poster, invitation and the friend's own yes or no; without it nothing can be read back."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from plugins.referrals import consent, exclusions, inviting
from plugins.referrals.codes import ALPHABET, new_code, read_code, show_code
from plugins.referrals.exclusions import hash_of
from plugins.referrals.models import Campaign, KnownCustomer, Lead, Referrer, Step
from portal import clock
from portal.accounts.models import Account, OneTimeCode
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.jobs.service import enqueue
from portal.members.models import Household
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugins.referrals.conftest import code_of, make_rules

HOME = "/p/binjiang/referrals/"
PHONE = "13912345678"
E164 = f"+86{PHONE}"


@pytest.fixture
def owner(client, place):
    return factories.sign_in(client, place.member)


@pytest.fixture
def friend(app):
    return app.test_client()


def only() -> Lead:
    return db.session.scalars(sa.select(Lead)).one()


def link_in(text: str) -> str:
    return urlsplit(re.search(r"http://[^\s\"<]+/t/referrals/[\w-]+", text)[0]).path


def invite(owner, phone: str = PHONE) -> str:
    """Invite a friend and return the path of the one-time link."""
    answer = owner.post(f"{HOME}invite", data={"phone": phone, "greeting": "老周"})
    assert answer.status_code == 303
    return link_in(owner.get(answer.location).text)


def test_codes_are_read_however_they_are_typed():
    code = new_code()
    assert len(code) == 8
    assert not set(ALPHABET) & set("01258BILOSUVZ")
    for typed in (
        code.lower(),
        show_code(code),
        f" {code[:4]}-{code[4:]} ",
        code.replace("A", "Ａ"),
    ):
        assert read_code(typed) == code
    assert read_code("0" * 8) == read_code(code + "A") == ""


def test_a_code_a_link_and_a_poster(owner, place):
    assert "领取我的推荐码" in owner.get(HOME).text
    for _ in range(2):
        assert owner.post(f"{HOME}join").status_code == 303
    code = db.session.scalars(sa.select(Referrer)).one().code
    page = owner.get(HOME).text
    assert show_code(code) in page
    assert f"/p/binjiang/referrals/i/{code}" in page
    assert "data:image/svg+xml" in owner.get(f"{HOME}poster").text
    assert owner.get(f"{HOME}poster.png").data.startswith(b"\x89PNG")
    assert owner.get(f"{HOME}poster.pdf").data.startswith(b"%PDF")
    assert owner.get(f"{HOME}poster.exe").status_code == 404


def test_an_invitation_keeps_no_number_and_opening_it_changes_nothing(owner, friend, place):
    link = invite(owner)
    lead = only()
    assert (lead.phone, lead.name, lead.phone_masked) == (None, "", "139****5678")
    assert lead.phone_hash == hash_of(E164)
    page = friend.get(link)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "139****5678" in page.text
    assert PHONE not in page.text
    assert place.member.name not in page.text
    assert (only().state, only().consented_at) == ("invited", None)


def test_the_friend_agrees_and_shows_a_code(owner, friend, place, agree):
    link = invite(owner)
    wrong = friend.post(f"{link}/number", data={"phone": "13700000000"})
    assert wrong.status_code == 422
    assert "13700000000" in wrong.text
    assert agree(friend, link, PHONE, agree="").status_code == 422
    assert only().state == "invited"
    page = friend.get(link).text
    assert "139****5678" in page
    code = re.search(r'name="code"[^>]*', page)
    assert code
    friend.get(f"{link}?other=1")
    assert friend.post(f"{link}/agree", data={"code": "000000"}).status_code == 422
    assert agree(friend, link, PHONE).status_code == 429
    db.session.execute(sa.update(OneTimeCode).values(created_at=clock.now() - timedelta(hours=1)))
    db.session.commit()
    answer = agree(friend, link, PHONE)
    assert answer.status_code == 303
    lead = only()
    assert (lead.state, lead.name, lead.phone) == ("reported", "周先生", E164)
    assert lead.campaign_id == place.rules.id
    assert len(lead.consent_digest) == 64
    own = urlsplit(answer.location).path
    assert show_code(lead.pass_code) in friend.get(own).text
    assert friend.get(link).status_code == 404
    steps = db.session.scalars(sa.select(Step.step).order_by(Step.created_at, Step.id)).all()
    assert sorted(steps) == ["consented", "invited", "reported"]
    shown = owner.get(f"{HOME}leads/{lead.public_id}").text
    assert "139****5678" in shown
    for secret in (PHONE, "周先生"):
        assert secret not in shown
        assert secret not in owner.get(HOME).text


def test_the_friend_declines_and_is_forgotten(owner, friend, place):
    link = invite(owner)
    assert "您已谢绝" in friend.post(f"{link}/refuse").text
    lead = only()
    assert (lead.state, lead.phone_hash, lead.phone_masked) == ("refused", None, "")
    assert friend.get(link).status_code == 404
    assert "朋友已谢绝" in owner.get(HOME).text


def test_withdrawing_erases_whatever_the_stage(friend, place, make_lead):
    lead = make_lead(E164)
    path = urlsplit(consent.friend_link(project=place.ref, lead=lead)).path
    db.session.commit()
    assert "您已撤回同意" in friend.post(f"{path}/withdraw").text
    found = only()
    assert (found.state, found.name, found.phone) == ("cancelled", "", None)
    assert (found.phone_hash, found.phone_masked) == (None, "")
    assert friend.get(path).status_code == 404


def test_time_out_erases(owner, friend, place, app):
    link = invite(owner)
    db.session.execute(sa.update(Lead).values(ends_at=clock.now() - timedelta(minutes=1)))
    db.session.commit()
    run_clock(app, place)
    assert (only().state, only().phone_hash, only().phone_masked) == ("lapsed", None, "")
    assert friend.post(f"{link}/number", data={"phone": PHONE}).status_code == 404


def run_clock(app, place):
    enqueue(kind="referrals.keep_clock", payload={}, project_id=None)
    db.session.commit()
    Runner(app).run_once()
    db.session.expire_all()


def test_the_owners_own_link_needs_a_yes_and_a_proof_of_the_number(friend, place, agree, sms, app):
    referrer = code_of(place)
    path = f"/p/binjiang/referrals/i/{referrer.code.lower()}"
    assert "邀请您" in friend.get(path).text
    assert agree(friend, path, PHONE, name=" ").status_code == 422
    wrong = friend.post(path, data={"name": "周先生", "agree": "y", "code": "12345"})
    assert (wrong.status_code, "剩余" in wrong.text or "还可" in wrong.text) == (422, True)
    assert sms.sent[-1][0] == E164
    assert db.session.scalar(sa.select(sa.func.count(Lead.id))) == 0
    code = re.search(r"\d{6}", sms.sent[-1][1])[0]
    typed = {"name": "周先生", "agree": "y", "code": code}
    stranger = app.test_client()
    assert stranger.post(path, data=typed).status_code == 422
    assert friend.post(path, data=typed).status_code == 303
    assert (only().state, only().phone) == ("reported", E164)
    assert friend.post(path, data=typed).status_code == 422
    db.session.execute(sa.update(OneTimeCode).values(created_at=clock.now() - timedelta(hours=1)))
    db.session.commit()
    again = agree(friend, path, PHONE)
    assert (again.status_code, "目前无法推荐" in again.text) == (409, True)
    assert friend.get("/p/binjiang/referrals/i/AAAAAAAA").status_code == 404
    assert friend.post("/p/binjiang/referrals/i/AAAAAAAA/number").status_code == 404


def test_taking_back_and_making_a_new_link(owner, friend, place):
    first = invite(owner)
    page = f"{HOME}leads/{only().public_id}"
    second = link_in(owner.get(owner.post(f"{page}/link").location).text)
    assert friend.get(first).status_code == 404
    assert friend.get(second).status_code == 200
    assert owner.post(f"{page}/take-back").status_code == 303
    assert friend.get(second).status_code == 404
    assert only().phone_hash is None
    assert owner.post(f"{page}/take-back").status_code == 303


@pytest.mark.parametrize(
    "typed", ["+86 139 1234 5678", "008613912345678", "１３９１２３４５６７８", "139-1234-5678"]
)
def test_one_number_has_one_hash_however_typed(owner, place, typed):
    invite(owner, typed)
    assert only().phone_hash == hash_of(E164)


@pytest.mark.parametrize("typed", ["1391234567", "139123456789", "", "not a number", "02188888888"])
def test_no_number_no_invitation(owner, place, typed):
    answer = owner.post(f"{HOME}invite", data={"phone": typed})
    assert answer.status_code == 422
    assert typed in answer.text


def test_a_country_that_the_project_does_not_take(owner, friend, place, agree, monkeypatch):
    monkeypatch.setattr(exclusions, "plugin_settings", lambda *_: {"countries": "86，+852"})
    answer = owner.post(f"{HOME}invite", data={"phone": "+44 7400 123456"})
    assert (answer.status_code, "国家或地区" in answer.text) == (422, True)
    assert db.session.scalars(sa.select(Lead)).all() == []
    code = code_of(place).code
    answer = agree(friend, f"{HOME}i/{code}", "+44 7400 123456")
    assert (answer.status_code, db.session.scalars(sa.select(Lead)).all()) == (422, [])
    assert owner.post(f"{HOME}invite", data={"phone": "+852 5123 4567"}).status_code == 303


def test_nobody_refers_themselves_their_household_staff_or_known_customers(owner, place):
    household = db.session.get_one(Household, place.member.household_id)
    spouse = factories.make_member(household=household)

    def number(account_id):
        return db.session.get(Account, account_id).phone

    known, agent = factories.make_phone(), factories.make_phone()
    today = clock.now().date()
    for phone, seen, on in (
        (known, "visit", today - timedelta(days=1)),
        (agent, "agent", today - timedelta(days=900)),
    ):
        factories.add(
            KnownCustomer(
                project_id=place.project.id, phone_hash=hash_of(phone), seen=seen, seen_on=on
            )
        )
    refused = [
        (number(place.member.account_id), 422, "不能推荐本人或同住家人"),
        (number(spouse.account_id), 422, "不能推荐本人或同住家人"),
        (place.verifier.phone, 422, "员工与中介不能作为被推荐人"),
        (agent, 422, "员工与中介不能作为被推荐人"),
        (known, 409, "售楼处已经认识这位客户"),
    ]
    for phone, status, says in refused:
        answer = owner.post(f"{HOME}invite", data={"phone": phone})
        assert (answer.status_code, says in answer.text) == (status, True)
        # When and how the project met somebody is for the verifier.
        assert ("来访登记" in answer.text, f"{today:%m-%d}" in answer.text) == (False, False)
    old = factories.make_phone()
    factories.add(
        KnownCustomer(
            project_id=place.project.id,
            phone_hash=hash_of(old),
            seen="call",
            seen_on=today - timedelta(days=200),
        )
    )
    assert owner.post(f"{HOME}invite", data={"phone": old}).status_code == 303


def test_a_friend_of_another_owner_is_refused_without_a_detail(owner, place, make_lead):
    make_lead(E164, member=factories.make_owner(place.project, name="方女士"))
    answer = owner.post(f"{HOME}invite", data={"phone": PHONE})
    assert answer.status_code == 409
    assert "该号码目前无法推荐" in answer.text
    for secret in ("方女士", "周先生", "139****"):
        assert secret not in answer.text


def test_inviting_twice_is_said(owner, place):
    invite(owner)
    answer = owner.post(f"{HOME}invite", data={"phone": PHONE})
    assert (answer.status_code, "您已经邀请过这位朋友" in answer.text) == (409, True)


def test_the_first_yes_wins_and_other_invitations_lapse_alike(owner, friend, app, place, agree):
    first = invite(owner)
    neighbour = factories.sign_in(app.test_client(), factories.make_owner(place.project))
    second = invite(neighbour)
    assert agree(friend, second, PHONE).status_code == 303
    assert friend.get(first).status_code == 404
    page = owner.get(HOME).text
    assert "此邀请已失效" in page
    assert "139****" not in page


def test_too_many_in_a_minute_are_stopped_and_flagged(owner, place):
    for number in range(inviting.MOST_A_MINUTE):
        phone = f"1380000{number:04d}"
        assert owner.post(f"{HOME}invite", data={"phone": phone}).status_code == 303
    answer = owner.post(f"{HOME}invite", data={"phone": "13900001111"})
    assert answer.status_code == 429
    assert "13900001111" in answer.text
    assert db.session.scalars(sa.select(Referrer)).one().flagged_at is not None
    assert db.session.scalar(sa.select(sa.func.count(Lead.id))) == inviting.MOST_A_MINUTE


def test_the_days_limit_holds(owner, place):
    make_rules(place.project, version=2, most_a_day=1)
    invite(owner)
    answer = owner.post(f"{HOME}invite", data={"phone": "13900001111"})
    assert (answer.status_code, "上限" in answer.text) == (429, True)


def test_without_rules_it_is_not_open(app):
    project = factories.make_project(slug="siji")
    switch_on("referrals", project)
    newcomer = factories.sign_in(app.test_client(), factories.make_owner(project))
    assert "目前没有开放推荐" in newcomer.get("/p/siji/referrals/").text
    assert newcomer.post("/p/siji/referrals/join").status_code == 404
    assert newcomer.get("/p/siji/referrals/poster").status_code == 404


def test_the_database_keeps_no_unconsented_number(place, make_lead):
    referrer = code_of(place)
    base = {"project_id": place.project.id, "referrer_id": referrer.id, "way": "invitation"}
    lead = Lead(**base, pass_code=new_code(), phone=E164, state="invited")
    with pytest.raises(IntegrityError):
        factories.add(lead)
    db.session.rollback()
    first = make_lead(E164)
    with pytest.raises(IntegrityError):
        db.session.execute(
            sa.update(Lead).where(Lead.id == first.id).values(withdrawn_at=clock.now())
        )
    db.session.rollback()


def test_history_and_rules_stay(place, make_lead):
    make_lead(E164)
    for statement in (
        sa.update(Step).values(state="paid"),
        sa.delete(Step),
        sa.update(Campaign).values(visit_days=1),
    ):
        with pytest.raises(DatabaseError):
            db.session.execute(statement)
        db.session.rollback()


def test_other_projects_and_members_find_nothing(app, place, make_lead):
    lead = make_lead(E164)
    stranger = factories.sign_in(app.test_client(), factories.make_owner(place.project))
    assert stranger.get(f"{HOME}leads/{lead.public_id}").status_code == 404
    other = factories.make_project(slug="siji")
    switch_on("referrals", other)
    staff = factories.sign_in(app.test_client(), factories.make_staff("manager", other))
    base = "/p/siji/staff/referrals/"
    assert staff.get(f"{base}leads/{lead.public_id}").status_code == 404
    assert staff.get(f"{base}scan?code={lead.pass_code}").status_code == 404
    assert staff.get("/p/binjiang/staff/referrals/").status_code == 403


def everything_kept() -> bytes:
    """Return every value of every table, as the database holds it."""
    kept = []
    for table in db.metadata.sorted_tables:
        # Not by its columns, whose types would decrypt.
        for row in db.session.execute(sa.select(sa.text("*")).select_from(table)):
            kept += [
                bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row
            ]
    return b"\n".join(kept)


def the_file() -> bytes:
    """Return the database's own files with the search index, where it has files."""
    if db.engine.dialect.name != "sqlite":
        return b""
    path = Path(db.engine.url.database)
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def test_no_unconsented_number_is_anywhere(
    owner, friend, app, place, caplog, make_lead, agree, sms
):
    caplog.set_level("DEBUG")
    planted = [f"1391122{number:04d}" for number in (7001, 7002, 7003, 7004)]
    links = [invite(owner, phone) for phone in planted]
    friend.post(f"{links[1]}/refuse")
    assert agree(friend, links[2], planted[2], agree="").status_code == 422
    assert agree(friend, links[2], "13911227009").status_code == 422
    own_link = f"/p/binjiang/referrals/i/{code_of(place).code}"
    assert agree(friend, own_link, "13911227010", agree="").status_code == 422
    make_lead("+8613911227004", member=factories.make_owner(place.project))
    owner.post(f"{HOME}invite", data={"phone": planted[3]})
    staff = factories.sign_in(app.test_client(), place.manager)
    seen = [owner.get(HOME).text, staff.get("/p/binjiang/staff/referrals/").text]
    with staff.post("/p/binjiang/staff/referrals/export.csv") as sent:
        seen.append(sent.data.decode("utf-8-sig"))
    token = factories.make_token(place.member)
    desk = "/p/binjiang/staff/referrals/"
    for page in ("figures", "rewards", "payouts", "disputes"):
        seen.append(staff.get(desk + page).text)
    for page in ("figures.csv", "rewards/export.csv"):
        with staff.post(desk + page) as sent:
            assert sent.status_code == 200
            seen.append(sent.data.decode("utf-8-sig"))
    for number in planted[:2]:
        # The page shows what was asked for, but finds nobody by it.
        found = staff.get(f"/p/binjiang/staff/search?q={number}")
        assert found.status_code == 200
        assert "referrals/leads/" not in found.text
        assert f"{number[:3]}****" not in found.text
    api = owner.get(
        "/api/v1/p/binjiang/referrals/leads", headers={"Authorization": f"Bearer {token}"}
    )
    assert api.status_code == 200
    seen.append(api.text)
    kept = everything_kept() + the_file()
    assert b"139****7001" in kept
    for number in (*planted, "13911227009", "13911227010"):
        assert number.encode() not in kept
        assert number not in caplog.text
        assert not any(number in text for text in seen)
    assert b"139****7002" not in everything_kept()


def test_the_home_page_shows_friends_on_their_way(app, place, make_lead):
    lead = make_lead()
    page = factories.sign_in(app.test_client(), place.owner).get("/p/binjiang/").text
    assert f"/p/binjiang/referrals/leads/{lead.public_id}" in page
    assert "data-fault" not in page

"""The club's books: months that tie, liability, breakage, sealing, and the nightly check."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.notifications.models import Notification
from portal.points import expiring, finance, jobs, months, policies, proving, service
from portal.points.charts import HEIGHT, columns
from portal.points.kinds import NEVER, Rounding
from portal.points.models import Currency, Move, Proof, ProofFault, Statement
from portal.points.months import following
from portal.points.terms import NO_TERMS, Terms, Why
from tests.factories import make_follower, make_member, make_project, make_staff, sign_in
from tests.points.helpers import WHY, damage, earn, hold, noon, reverse, spend

TODAY = clock.business_date("Asia/Shanghai")
EN = {"Accept-Language": "en"}
THIS = f"{TODAY:%Y-%m}"
LAST_DAY = TODAY.replace(day=1) - timedelta(days=1)
LAST = f"{LAST_DAY:%Y-%m}"
BEFORE_DAY = LAST_DAY.replace(day=1) - timedelta(days=1)
BEFORE = f"{BEFORE_DAY:%Y-%m}"


@pytest.fixture
def books(app):
    """Three months in which everything has happened, in one project and without one."""
    project = make_project()
    why = Why("test", project_id=project.id)
    member = make_member()
    early = noon(BEFORE_DAY.replace(day=10))
    earn(member, 100_000, why=why, at=early, expires_on=LAST_DAY.replace(day=5))
    earn(member, 50_000, at=early)
    earn(member, 5_000, at=early, terms=Terms(waits=True))
    spend(member, 30_000, at=early)
    mid = noon(LAST_DAY.replace(day=12))
    expiring.expire_batch(at=mid)
    given = earn(member, 20_000, why=why, at=mid, by_hand=True)
    spent = spend(member, 8_000, at=mid)
    reverse(spent, amount=3_000, at=mid)
    service.forfeit(
        actor=None, holder=service.Holder.member(member.id), amount=1_000, key="f", why=WHY, at=mid
    )
    service.void(actor=None, hold_id=hold(member, 2_000, at=mid).id, why=WHY, at=mid)
    db.session.commit()
    spend(member, 60_000)
    reverse(given)
    earn(member, 1_000, currency="qualifying")
    assert damage() == []
    return {"project": project, "member": member}


def by_hand(month: str) -> dict[str, int]:
    """Return the statement of a month by the balances that the entries make, without the books."""
    end = months.month_start(following(month))
    total = sa.text(
        "SELECT coalesce(sum(CASE WHEN e.debit_part = 'system' THEN e.amount ELSE 0 END)"
        " - sum(CASE WHEN e.credit_part = 'system' THEN e.amount ELSE 0 END), 0)"
        " FROM points_entry e JOIN points_transaction t ON t.id = e.transaction_id"
        " JOIN points_currency c ON c.id = e.currency_id"
        " WHERE c.key = 'redeemable' AND t.booked_on < :day"
    ).bindparams(sa.bindparam("day", type_=sa.Date))
    found = [db.session.scalar(total, {"day": day}) for day in (months.month_start(month), end)]
    return {"opening": int(found[0]), "closing": int(found[1])}


def redeemable(month: str) -> finance.Line:
    """Return the club's line of redeemable points."""
    return next(
        line
        for line in finance.totals(finance.statement(month))
        if line.currency.key == "redeemable"
    )


def seal(month: str) -> int:
    """Seal a month as if it were long over."""
    done = months.seal_month(actor=None, month=month, at=noon(TODAY + timedelta(days=70)))
    db.session.commit()
    return done


def test_every_month_ties_with_the_entries_and_the_next(books) -> None:
    for sealed in (None, BEFORE, LAST):
        if sealed:
            seal(sealed)
        lines = {month: redeemable(month) for month in (BEFORE, LAST, THIS)}
        for month, line in lines.items():
            assert {"opening": line.opening, "closing": line.closing} == by_hand(month)
        assert lines[BEFORE].closing == lines[LAST].opening
        assert lines[LAST].closing == lines[THIS].opening
        assert lines[BEFORE].changes == {
            "issued": 155_000, "spent": -30_000, "expired": 0, "forfeited": 0, "adjusted": 0,
            "moved": 0,
        }  # fmt: skip
        assert lines[LAST].changes == {
            "issued": 0, "spent": -5_000, "expired": -70_000, "forfeited": -1_000,
            "adjusted": 20_000, "moved": 0,
        }  # fmt: skip
        assert damage() == []


def test_projects_tie_too_and_expired_points_are_those_they_gave(books) -> None:
    lines = {
        line.project.id if line.project else 0: line
        for line in finance.statement(LAST)
        if line.currency.key == "redeemable"
    }
    own = lines[books["project"].id]
    assert (own.opening, own.changes["expired"], own.changes["adjusted"]) == (
        70_000, -70_000, 20_000,
    )  # fmt: skip
    assert sum(line.closing for line in lines.values()) == by_hand(LAST)["closing"]


def test_sealed_months_are_read_and_not_summed_again(books, query_count) -> None:
    seal(BEFORE)
    seal(LAST)
    with query_count() as sent:
        finance.statement(LAST)
    assert not any("points_entry" in text for text in sent.texts)
    with query_count() as sent:
        finance.statement(THIS)
    assert len(sent) <= 5


def test_account_statements_go_on_from_the_month_before(books) -> None:
    seal(BEFORE)
    seal(LAST)
    rows = db.session.scalars(sa.select(Statement).order_by(Statement.month)).all()
    assert [(row.month, row.opening, row.gained, row.used, row.expired) for row in rows] == [
        (BEFORE, 0, 155_000, 30_000, 0),
        (LAST, 125_000, 23_000, 9_000, 70_000),
    ]
    assert rows[0].closing == rows[1].opening


def test_months_are_sealed_one_after_the_other_and_nothing_is_posted_before(books) -> None:
    seal(BEFORE)
    with pytest.raises(service.PointsError, match="month_skipped"):
        seal(THIS)
    with pytest.raises(service.PointsError, match="sealed_month"):
        seal(BEFORE)
    with pytest.raises(service.PointsError, match="sealed_month"):
        seal(f"{BEFORE_DAY.replace(day=1) - timedelta(days=1):%Y-%m}")
    older = BEFORE_DAY.replace(day=1) - timedelta(days=40)
    with pytest.raises(service.PointsError, match="sealed_month"):
        earn(books["member"], 1, at=noon(older))
    db.session.rollback()
    assert months.standing().last == BEFORE
    assert damage() == []


def test_liability_by_age_and_expiry_adds_up_to_what_is_outstanding(books) -> None:
    currency = db.session.scalars(sa.select(Currency).where(Currency.key == "redeemable")).one()
    currency.cost_fen = 5_000
    db.session.commit()
    for month in (BEFORE, LAST, THIS):
        found = finance.liability(currency, month)
        closing = by_hand(month)["closing"]
        for shelf in (found.projects, found.cohorts, found.ends):
            assert sum(share.outstanding for share in shelf) == closing
        assert found.fen(found.outstanding) == closing * 5_000 // 1_000_000
    breakage = {share.key: share for share in finance.liability(currency, LAST).cohorts}
    assert (breakage[BEFORE].given, breakage[BEFORE].expired) == (155_000, 70_000)
    assert breakage[BEFORE].permille == 451
    ends = {share.key: share.outstanding for share in finance.liability(currency, BEFORE).ends}
    assert ends == {LAST: 70_000, f"{NEVER:%Y-%m}": 55_000}


def test_what_goes_on_with_other_days_keeps_its_cohort(app) -> None:
    member = make_member()
    earn(member, 1)
    currency = db.session.scalars(sa.select(Currency).where(Currency.key == "redeemable")).one()
    currency.expiry_months, currency.expiry_rounding = 6, Rounding.DAY
    currency.activity_extends = True
    db.session.commit()
    earn(member, 9_000, terms=NO_TERMS, at=noon(BEFORE_DAY.replace(day=3)))
    spend(member, 1_000, at=noon(LAST_DAY.replace(day=3)))
    spend(member, 1_000)
    found = finance.liability(currency, THIS)
    assert {share.key: share.outstanding for share in found.cohorts} == {BEFORE: 7_000, THIS: 1}
    assert damage() == []


def test_what_is_older_than_two_years_stands_together() -> None:
    shares = [finance.Share(f"20{number}-01", None, 1, 2, 1) for number in range(10, 37)]
    found = finance.newest(shares)
    assert (len(found), found[0].key, found[0].outstanding, found[0].permille) == (25, "", 3, 500)
    assert finance.newest(shares[:24]) == shares[:24]


def test_the_first_month_to_be_sealed_closes_all_before_it(books) -> None:
    assert months.standing(noon(TODAY.replace(day=2))).next == LAST
    assert months.standing(noon(TODAY.replace(day=1))).next == BEFORE
    seal(LAST)
    assert {line.currency.key for line in finance.statement(BEFORE)} == {"redeemable"}
    assert redeemable(BEFORE).closing == by_hand(BEFORE)["closing"]
    assert damage() == []


def test_a_chart_is_as_high_as_its_highest_column() -> None:
    chart = columns([("a", 5), ("b", 10), ("c", -3)])
    assert [column.height for column in chart.columns] == [HEIGHT // 2, HEIGHT, 0]
    assert chart.highest is not None
    assert chart.highest.label == "b"
    assert columns([]).highest is None


# Pages


@pytest.fixture
def office(client: FlaskClient, books):
    """The books, read by somebody from finance."""
    account = make_staff("finance")
    sign_in(client, account)
    return {**books, "account": account}


def test_finance_reads_exports_and_seals(client: FlaskClient, office) -> None:
    page = client.get(f"/centre/points?month={LAST}", headers=EN).text
    assert "still open" in page
    assert "125" in page
    for kind, start in (("csv", b"\xef\xbb\xbfMonth,"), ("xlsx", b"PK")):
        with client.get(f"/centre/points/export.{kind}?month={LAST}", headers=EN) as answer:
            assert answer.data.startswith(start)
    wrong = client.post("/centre/points/seal", data={"month": BEFORE, "typed": LAST}, headers=EN)
    assert (wrong.status_code, "Type the month as it is shown." in wrong.text) == (422, True)
    skipped = client.post("/centre/points/seal", data={"month": THIS, "typed": THIS}, headers=EN)
    assert skipped.status_code == 409
    done = client.post("/centre/points/seal", data={"month": BEFORE, "typed": BEFORE})
    assert done.status_code == 303
    assert months.last_sealed() == BEFORE
    act = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "points.month_sealed")
    ).one()
    assert (act.actor_id, act.facts["month"]) == (office["account"].id, BEFORE)
    assert "sealed" in client.get(f"/centre/points?month={BEFORE}", headers=EN).text


@pytest.mark.parametrize("month", ["2999-01", "x", "2026-13", "0000-01", "2026-1"])
def test_months_that_are_none_are_not_found(client: FlaskClient, office, month: str) -> None:
    for address in ("/centre/points", "/centre/points/liability", "/centre/points/export.csv"):
        assert client.get(f"{address}?month={month}").status_code == 404
    assert client.get("/centre/points/export.exe").status_code == 404


def test_finance_reads_the_liability_with_a_table_beside_each_chart(
    client: FlaskClient, office
) -> None:
    page = client.get(f"/centre/points/liability?month={LAST}", headers=EN).text
    assert page.count('<svg class="chart"') == page.count("chart-wrap") == 3
    assert "45.1%" in page
    assert client.get("/centre/points/liability?currency=gold").status_code == 404


def test_an_empty_club_has_empty_pages(client: FlaskClient) -> None:
    sign_in(client, make_staff("finance"))
    assert "No points in this month" in client.get("/centre/points", headers=EN).text
    assert "No points yet" in client.get("/centre/points/liability", headers=EN).text
    assert "No check has run yet" in client.get("/centre/points/proofs", headers=EN).text


def test_others_do_not_read_the_books(client: FlaskClient, books) -> None:
    sign_in(client, make_staff("manager", books["project"]))
    for page in ("", "/liability", "/proofs", "/rules", "/rules/redeemable", "/export.csv"):
        assert client.get(f"/centre/points{page}").status_code == 403
    sign_in(client, make_staff("auditor"))
    assert client.get("/centre/points").status_code == 200
    assert client.post("/centre/points/seal", data={}).status_code == 403
    assert client.get("/centre/points/rules").status_code == 403


@pytest.mark.parametrize("address", ["", "/liability", "/proofs"])
def test_the_books_send_few_statements(client, office, query_count, address: str) -> None:
    jobs.verify_nightly(None)
    db.session.commit()
    client.get(f"/centre/points{address}")
    with query_count() as sent:
        assert client.get(f"/centre/points{address}").status_code == 200
    assert len(sent) <= 8, "\n".join(sent.texts)


# The nightly check


def test_the_night_writes_down_that_every_rule_holds(client: FlaskClient, office) -> None:
    jobs.verify_nightly(None)
    db.session.commit()
    proof = db.session.scalars(sa.select(Proof)).one()
    assert (proof.faults, proof.rules, proof.error) == (0, len(proving.NAMES), "")
    assert "Every rule holds" in client.get("/centre/points/proofs", headers=EN).text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 0


def test_a_fault_is_kept_told_and_leads_to_the_ledger(client: FlaskClient, app) -> None:
    project = make_project()
    member = make_follower(project)
    admin = make_staff("administrator")
    posting = earn(member, 1_000)
    db.session.execute(sa.text("UPDATE points_balance SET available = 2000"))
    db.session.commit()
    jobs.verify_nightly(None)
    db.session.commit()
    proof = db.session.scalars(sa.select(Proof)).one()
    faults = db.session.scalars(sa.select(ProofFault)).all()
    assert ("balance_is_in_lots", posting.account_id) in {(f.rule, f.account_id) for f in faults}
    told = db.session.scalars(sa.select(Notification)).one()
    assert (told.account_id, told.url) == (admin.id, f"/centre/points/proofs/{proof.public_id}")
    sign_in(client, admin)
    page = client.get(told.url, headers=EN).text
    assert "balance_is_in_lots" in page
    link = f"/p/{project.slug}/staff/members/{member.public_id}/points"
    assert link in page
    assert client.get(link).status_code == 200
    assert client.get("/centre/points/proofs/nothing").status_code == 404


# The rules


def test_an_administrator_previews_and_plans_rules(client: FlaskClient, app) -> None:
    earn(make_member(), 1)
    admin = make_staff("administrator")
    sign_in(client, admin)
    page = client.get("/centre/points/rules/redeemable", headers=EN).text
    assert "These are the first rules" in page
    day = TODAY + timedelta(days=5)
    values = {
        "name_zh_Hans_CN": "积分", "name_zh_Hant": "積分", "name_en": "Coins",
        "spend_order": "bonus_across", "expiry_months": "12", "expiry_rounding": "calendar",
        "expiry_day": "03-31", "december_carry": "y", "decay_parts": "1", "reinstate_days": "14",
        "negative_policy": "limit", "negative_limit": "1,000", "transfer_limit": "0.5",
        "alone_limit": "200", "cost": "12.50", "valid_from": day.isoformat(),
        "reason": "as decided",
    }  # fmt: skip
    address = "/centre/points/rules/redeemable"
    preview = client.post(address, data={**values, "act": "preview"}, headers=EN)
    assert preview.status_code == 200
    assert "What becomes of 1,000 points" in preview.text
    currency = db.session.scalars(sa.select(Currency).where(Currency.key == "redeemable")).one()
    assert policies.versions(currency.id) == []
    assert client.post(address, data={**values, "act": "apply"}).status_code == 303
    db.session.expire_all()
    assert (currency.until, currency.name["en"]) == (day, "Points")
    assert "planned" in client.get(address, headers=EN).text
    policies.apply_due(day)
    db.session.commit()
    assert (currency.name["en"], currency.expiry_day, currency.expiry_rounding) == (
        "Coins", 331, "day",
    )  # fmt: skip
    limits = (currency.negative_limit, currency.transfer_limit, currency.alone_limit)
    assert (*limits, currency.cost_fen) == (1_000_000, 500, 200_000, 1_250)
    act = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "points.rules_planned")
    ).one()
    assert (act.actor_id, act.reason) == (admin.id, "as decided")


@pytest.mark.parametrize(
    "wrong",
    [
        {"expiry_months": "0"}, {"expiry_months": "x"}, {"expiry_months": "1201"},
        {"expiry_rounding": "week"}, {"expiry_rounding": "calendar", "expiry_day": "02-30"},
        {"expiry_rounding": "calendar", "expiry_day": "03-31", "expiry_months": ""},
        {"decay_parts": "0"}, {"decay_parts": "25"}, {"reinstate_days": "-1"}, {"cost": "1.234"},
        {"cost": "-1"}, {"negative_limit": "-1"}, {"transfer_limit": ""}, {"name_en": ""},
        {"reason": ""}, {"valid_from": "2020-01-01"}, {"valid_from": "x"},
        {"spend_order": "random"}, {"decay_parts": "2", "activity_extends": "y"},
    ],
)  # fmt: skip
def test_bad_rules_are_refused_and_keep_what_was_typed(client, app, wrong) -> None:
    earn(make_member(), 1)
    sign_in(client, make_staff("administrator"))
    values = {
        "name_zh_Hans_CN": "积分", "name_zh_Hant": "積分", "name_en": "Coins",
        "spend_order": "expiry_first", "expiry_months": "12", "expiry_rounding": "day",
        "decay_parts": "1", "reinstate_days": "0", "negative_policy": "reversal",
        "negative_limit": "0", "transfer_limit": "10000", "alone_limit": "500", "cost": "50",
        "valid_from": TODAY.isoformat(), "reason": "because <b>", "act": "apply",
    }  # fmt: skip
    answer = client.post("/centre/points/rules/redeemable", data={**values, **wrong}, headers=EN)
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text
    if "reason" not in wrong:
        assert "because &lt;b&gt;" in answer.text
    assert client.get("/centre/points/rules/nothing").status_code == 404
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Move)) == 0

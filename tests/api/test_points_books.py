"""The books of points by program."""

from typing import Any

import pytest
import sqlalchemy as sa

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.points import finance, jobs, months
from portal.points.models import Currency
from tests.factories import make_staff
from tests.points.test_finance import BEFORE, LAST, THIS, books

__all__ = ["books"]


@pytest.fixture
def ask(call: Any, books: Any) -> Any:
    """Finance's program, in a club with three months of everything."""
    return call(make_staff("finance"))


def test_a_months_statement_is_what_the_page_says(ask: Any, books: Any) -> None:
    found = ask("GET", f"/centre/points/months/{LAST}").json
    assert (found["month"], found["is_sealed"]) == (LAST, False)
    for line, expected in zip(found["lines"], finance.statement(LAST), strict=True):
        assert line["project"] == (expected.project.slug if expected.project else None)
        assert (line["opening"], line["closing"]) == (expected.opening, expected.closing)
        changes = {name: line[name] for name in expected.changes}
        assert changes == expected.changes
        assert line["opening"] + sum(changes.values()) == line["closing"]
    assert {line["project"] for line in found["lines"]} == {None, books["project"].slug}
    assert [line["currency"] for line in found["totals"]] == ["redeemable"]
    for bad in ("2999-01", "x", "2026-13", "0000-01", "2026-1"):
        assert ask("GET", f"/centre/points/months/{bad}").status_code == 404
        assert ask("GET", f"/centre/points/months/{bad}/liability").status_code == 404


def test_months_are_sealed_one_after_the_other(ask: Any) -> None:
    def seal(month: str) -> tuple[int, str]:
        answer = ask("POST", "/centre/points/months", {"month": month})
        return answer.status_code, answer.json.get("type", "").rpartition(":")[2]

    assert seal(THIS) == (409, "month_not_over")
    assert seal("2026-13") == (422, "invalid")
    assert seal("0000-01") == (422, "month_invalid")
    assert seal(BEFORE) == (201, "")
    assert seal(BEFORE) == (409, "sealed_month")
    where = ask("GET", "/centre/points/months").json
    assert where == {"last_sealed": BEFORE, "can_be_sealed": months.standing().next}
    assert ask("GET", f"/centre/points/months/{BEFORE}").json["is_sealed"]
    acts = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert acts.count("points.month_sealed") == 1


def test_the_liability_is_what_is_outstanding_times_its_cost(ask: Any) -> None:
    db.session.execute(sa.update(Currency).values(cost_fen=500))
    db.session.commit()
    found = ask("GET", f"/centre/points/months/{LAST}/liability").json
    totals = ask("GET", f"/centre/points/months/{LAST}").json["totals"]
    assert found["outstanding"] == totals[0]["closing"] > 0
    assert found["liability_fen"] == found["outstanding"] * 500 // 1_000_000
    for shelf in ("projects", "cohorts", "ends"):
        assert sum(share["outstanding"] for share in found[shelf]) == found["outstanding"]
    assert sum(share["expired"] for share in found["cohorts"]) > 0
    assert ask("GET", f"/centre/points/months/{LAST}/liability?currency=gold").status_code == 422


def test_the_runs_that_proved_the_ledger_are_read(ask: Any) -> None:
    jobs.verify_nightly(None)
    db.session.execute(sa.text("UPDATE points_balance SET available = available + 1"))
    db.session.commit()
    jobs.verify_nightly(None)
    db.session.commit()
    bad, good = ask("GET", "/centre/points/proofs").json["items"]
    assert (good["faults"], bad["faults"] > 0) == (0, True)
    found = ask("GET", f"/centre/points/proofs/{bad['id']}").json
    assert len(found["found"]) == bad["faults"]
    assert "balance_is_in_lots" in {each["rule"] for each in found["found"]}
    assert {each["holder"] for each in found["found"]} >= {"member"}
    assert ask("GET", f"/centre/points/proofs/{good['id']}").json["found"] == []
    assert ask("GET", "/centre/points/proofs/none").status_code == 404


def test_others_do_not_read_or_seal(call: Any, books: Any) -> None:
    paths = ("months", f"months/{LAST}", f"months/{LAST}/liability", "proofs")
    manager, auditor = call(make_staff("manager", books["project"])), call(make_staff("auditor"))
    for path in paths:
        assert manager("GET", f"/centre/points/{path}").status_code == 403
        assert call()("GET", f"/centre/points/{path}").status_code == 401
        assert auditor("GET", f"/centre/points/{path}").status_code == 200
    assert auditor("POST", "/centre/points/months", {"month": BEFORE}).status_code == 403
    assert months.last_sealed() is None

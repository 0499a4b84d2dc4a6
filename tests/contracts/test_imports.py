"""Lists of contracts, payments and fees through the import of the roster: preview, job, undo."""

import io
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import FileStorage

from portal import clock
from portal.contracts.models import Contract, Fee, Payment
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.projects.models import Project, Unit
from portal.roster.errors import RosterError
from portal.roster.examining import Examination, examine
from portal.roster.importing import ask_for_run
from portal.roster.models import ImportState, RosterFault, RosterImport
from portal.roster.runner import run_to_end
from portal.roster.running import run_import
from portal.roster.service import create_import, reload, start_import
from portal.roster.table import RosterFileError
from portal.roster.undoing import undo_import
from tests import factories
from tests.contracts.helpers import phone_of, told

DATA = Path(__file__).parent / "data"
FAULTS = {
    "negative_amount": 1, "amount_too_large": 1, "dates_order": 1, "unit_unknown": 1,
    "wrong_project": 1, "same_key": 1, "formula_cell": 1, "bad_date": 1, "missing_phone": 1,
    "missing_date": 1,
}  # fmt: skip


@pytest.fixture
def project(app: Flask) -> Project:
    project = factories.make_project()
    for number in ("1502", "1602", "1702", "1802", "1902", "2002"):
        factories.make_unit(project, building="2栋", number=number)
    other = factories.make_project(slug="siji", name="四季苑")
    factories.make_unit(other, building="9栋", number="9999")
    return project


def sample(name: str) -> bytes:
    return (DATA / name).read_bytes()


def start(project: Project, data: bytes, kind: str) -> RosterImport:
    found = examine(project=project, data=data, kind=kind)
    upload = FileStorage(io.BytesIO(data), filename=f"{kind}.csv")
    job = create_import(actor=None, project=project, upload=upload, examination=found)
    start_import(actor=None, job=job)
    db.session.commit()
    return job


def run(project: Project, data: bytes, kind: str) -> RosterImport:
    job = start(project, data, kind)
    run_to_end(job.id)
    reload(job)
    return job


def faults_of(found: Examination) -> Counter[str]:
    return Counter(each.fault.code for each in found.faults)


@pytest.mark.parametrize("name", ["contracts-utf8.csv", "contracts-gb18030.csv", "contracts.xlsx"])
def test_three_files_are_one_list(project: Project, name: str) -> None:
    found = examine(project=project, data=sample(name), kind="contracts")
    assert found.counts["new"] == 5
    assert faults_of(found) == {**FAULTS, "duplicate_same_file": 1}
    assert db.session.scalar(sa.select(sa.func.count(Contract.id))) == 0


def test_an_import_writes_what_the_preview_said(project: Project) -> None:
    job = run(project, sample("contracts-utf8.csv"), "contracts")
    assert (job.state, job.counts["new"], job.counts["refused"]) == (ImportState.DONE, 5, 10)
    kept = {row.number: row for row in db.session.scalars(sa.select(Contract))}
    assert {number: row.state for number, row in kept.items()} == {
        "BJ-2024-001": "handed_over", "BJ-2024-002": "signed", "BJ-2024-003": "cancelled",
        "BJ-2024-004": "signed", "BJ-2024-005": "draft",
    }  # fmt: skip
    assert [row.price for row in kept.values()] == [
        268_000_000, 268_000_000, 275_000_000, 281_000_050, 290_000_000,
    ]  # fmt: skip
    assert kept["BJ-2024-003"].replaced_by_number == "BJ-2024-004"
    lines = {(row.line, row.column, row.code) for row in db.session.scalars(sa.select(RosterFault))}
    assert (7, "合同总价", "negative_amount") in lines
    assert (9, "交付日期", "dates_order") in lines
    assert (10, "房号", "unit_unknown") in lines


def test_the_second_import_changes_nothing(project: Project) -> None:
    for kind, name in (
        ("contracts", "contracts-utf8.csv"), ("payments", "payments.csv"), ("fees", "fees.csv"),
    ):  # fmt: skip
        first = run(project, sample(name), kind)
        second = run(project, sample(name), kind)
        assert second.counts.get("new", 0) == second.counts.get("updated", 0) == 0
        assert second.counts["unchanged"] == first.counts["new"]


def test_payments_and_fees_are_read(project: Project) -> None:
    payments = examine(project=project, data=sample("payments.csv"), kind="payments")
    assert payments.counts["new"] == 4
    assert faults_of(payments) == {
        "percent_range": 1, "negative_amount": 1, "percent_order": 1, "bad_date": 1,
        "missing_date": 1,
    }  # fmt: skip
    job = run(project, sample("fees.csv"), "fees")
    assert job.counts["new"] == 4
    fees = {(row.category, row.period): row for row in db.session.scalars(sa.select(Fee))}
    assert str(fees["management", "2025-11"].due_on) == "2025-11-30"
    assert fees["parking", "2025-Q4"].amount == 90_000
    codes = set(db.session.scalars(sa.select(RosterFault.code)))
    assert codes == {"unknown_category", "bad_period", "same_key", "unit_unknown"}


def test_a_list_carries_contracts_on(project: Project) -> None:
    header = "楼栋,房号,合同编号,手机,合同总价,签约日期,交付日期\n"
    before = f"{header}2栋,1502,A-1,19900000901,100万,2024-04-18,\n".encode()
    after = f"{header}2栋,1502,A-1,19900000901,100万,2024-04-18,2025-06-01\n".encode()
    run(project, before, "contracts")
    job = run(project, after, "contracts")
    assert (job.counts["updated"], job.counts.get("new", 0)) == (1, 0)
    assert db.session.scalars(sa.select(Contract.state)).one() == "handed_over"


def test_a_planned_handover_is_no_handover(project: Project) -> None:
    data = "楼栋,房号,合同编号,手机,合同总价,签约日期,交付日期\n" + (
        "2栋,1502,A-1,19900000901,100万,2024-04-18,2031-06-01\n"
    )
    run(project, data.encode(), "contracts")
    assert db.session.execute(sa.select(Contract.state, Contract.handed_over_on)).one() == (
        "signed",
        None,
    )


@pytest.mark.parametrize(("data", "code"), [(b"", "empty"), (b"\xff\xfe\xff", "encoding")])
def test_a_file_without_rows_is_refused(project: Project, data: bytes, code: str) -> None:
    with pytest.raises(RosterFileError) as caught:
        examine(project=project, data=data, kind="contracts")
    assert caught.value.code == code


def test_a_stopped_import_goes_on(project: Project) -> None:
    data = "合同编号,付款比例,付款金额,付款日期\n" + "".join(
        f"C-{row},10,1000,2024-04-20\n" for row in range(25)
    )
    job = start(project, data.encode(), "payments")
    steps = run_import(actor=None, job=job, project=project, data=data.encode(), chunk=10)
    assert next(steps) == 10
    db.session.commit()
    steps.close()
    db.session.refresh(job)
    run_to_end(job.id)
    reload(job)
    assert (job.state, job.counts["new"]) == (ImportState.DONE, 25)
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 25


def test_an_undo_leaves_what_was_told(project: Project) -> None:
    member = factories.make_member()
    home = db.session.scalars(sa.select(Unit).where(Unit.number == "1502")).one()
    factories.make_ownership(member, home)
    rows = [f"2栋,1502,A-1,{phone_of(member)},100万,2024-04-18"]
    rows.append("2栋,1602,A-2,19900000902,100万,2024-04-18")
    data = "\n".join(["楼栋,房号,合同编号,手机,合同总价,签约日期", *rows]).encode()
    job = run(project, data, "contracts")
    assert told() == [("contract.signed", "2024-04-18")]
    undone = undo_import(actor=None, job=job)
    db.session.commit()
    assert (undone.entries, undone.kept) == (1, 1)
    assert db.session.scalars(sa.select(Contract.number)).all() == ["A-1"]


def test_kinds_run_beside_each_other_but_not_twice(project: Project) -> None:
    start(project, sample("fees.csv"), "fees")
    start(project, sample("payments.csv"), "payments")
    with pytest.raises(RosterError, match="busy"):
        start(project, sample("fees.csv"), "fees")


def test_a_job_runs_the_import(app: Flask, project: Project) -> None:
    job = start(project, sample("fees.csv"), "fees")
    ask_for_run(job)
    db.session.commit()
    Runner(app).run_once()
    reload(job)
    assert job.state == ImportState.DONE


def test_what_lies_ahead_is_refused(project: Project) -> None:
    ahead = clock.business_date(project.time_zone) + timedelta(days=2)
    data = f"合同编号,付款比例,付款金额,付款日期\nA-1,10,1000,{ahead}\n".encode()
    found = examine(project=project, data=data, kind="payments")
    assert faults_of(found) == {"future_date": 1}

"""Imports from preview to undo: what they write, what they leave, and what a person decides."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.files.queries import path_of
from portal.projects.models import Building, Project, Unit
from portal.roster import queries, service, undoing
from portal.roster.errors import RosterError, RosterStateError
from portal.roster.examining import examine
from portal.roster.models import ImportState, RosterEntry, RosterFault, RosterImport
from tests.factories import make_member, make_ownership, make_project, make_staff, make_unit
from tests.roster.helpers import EXPECTED, csv_of, preview, run, sample, start

OWNER = "2栋,1单元,1502,林晓芸,19900000001,业主,2021-04-18,89.5,"
SPOUSE = "2栋,1单元,1502,周宁,19900000002,配偶,,,"
OTHER = "02幢,1,1502,陈明,19900000003,业主,,,"


def people(project: Project) -> list[tuple[str, str, str]]:
    """Return name, phone and role of everybody on the roster."""
    rows = db.session.execute(
        sa.select(RosterEntry.name, RosterEntry.phone, RosterEntry.role)
        .where(RosterEntry.project_id == project.id)
        .order_by(RosterEntry.id)
    )
    return [(name, phone, role) for name, phone, role in rows]


def faults(job: RosterImport) -> list[tuple[int, str, str]]:
    rows = queries.all_faults(job.id)
    return [(found.line, found.fault.column, found.fault.code) for found in rows]


def number(model: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def claim(name: str) -> None:
    """Let a member claim the entry of this name."""
    member = make_member(name=name)
    db.session.execute(
        sa.update(RosterEntry)
        .where(RosterEntry.name == name)
        .values(claimed_by_id=member.id, claimed_at=clock.now())
    )
    db.session.commit()


def test_a_row_becomes_building_home_and_person(app: Flask) -> None:
    project = make_project()

    job = run(project, csv_of(OWNER, SPOUSE))

    assert people(project) == [
        ("林晓芸", "+8619900000001", "owner"),
        ("周宁", "+8619900000002", "spouse"),
    ]
    entry = queries.match(lookup_hash("phone", "+8619900000001"), "林 晓芸")[0]
    assert (entry.unit.entrance, entry.unit.number, entry.unit.area) == ("1单元", "1502", 8950)
    assert str(entry.unit.handover_on) == "2021-04-18"
    assert entry.unit.building.name == "2栋"
    assert entry.phone_tail_hash == lookup_hash("phone_tail", "0001")
    assert queries.entry_for(entry.unit_id, entry.phone_hash, "林晓芸") == entry
    assert [each.role for each in queries.entries_of_unit(entry.unit_id)] == ["owner", "spouse"]
    assert (job.counts["new"], job.counts["units"], job.counts["buildings"]) == (2, 1, 1)


def test_phones_lie_encrypted(app: Flask) -> None:
    run(make_project(), csv_of(OWNER))
    raw = db.session.execute(sa.text("SELECT phone FROM roster_entry")).scalar_one()
    assert b"19900000001" not in bytes(raw)


def test_registered_homes_are_found_in_any_writing_and_completed(app: Flask) -> None:
    project = make_project()
    unit = make_unit(project, building="2 栋", entrance="1", number="1502")
    unit.area, unit.handover_on = None, None
    db.session.commit()

    job = run(project, csv_of(OWNER))

    assert number(Unit) == number(Building) == 1
    db.session.refresh(unit)
    assert (unit.area, str(unit.handover_on)) == (8950, "2021-04-18")
    assert job.counts.get("units", 0) == 0


def test_the_same_file_again_changes_nothing(app: Flask) -> None:
    project = make_project()
    run(project, csv_of(OWNER, SPOUSE))
    before = people(project)

    job = run(project, csv_of(OWNER, SPOUSE))

    assert people(project) == before
    assert job.counts["unchanged"] == 2
    assert job.counts.get("new", 0) == job.counts.get("refused", 0) == 0


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("2栋,1单元,1502,林晓芸,19900000009,业主,,,", "changed_phone", "手机"),
        ("2栋,1单元,1502,林晓云,19900000001,业主,,,", "changed_name", "业主姓名"),
        ("2栋,1单元,1502,陈明,19900000003,业主,,,", "changed_owner", "业主姓名"),
        ("2栋,1单元,1502,林晓芸,19900000001,租户,,,", "changed_role", "关系"),
    ],
)
def test_what_contradicts_the_roster_waits_for_a_person(
    app: Flask, row: str, code: str, column: str
) -> None:
    project = make_project()
    run(project, csv_of(OWNER))

    job = run(project, csv_of(row))

    assert people(project) == [("林晓芸", "+8619900000001", "owner")]
    assert faults(job) == [(2, column, code)]
    assert job.counts["changed"] == job.counts["refused"] == 1


def test_two_owners_of_one_home(app: Flask) -> None:
    project = make_project()

    job = run(project, csv_of(OWNER, SPOUSE, OTHER))

    assert [name for name, _, _ in people(project)] == ["林晓芸", "周宁"]
    assert faults(job) == [(4, "业主姓名", "two_owners")]


def test_a_person_decides_for_the_other_owner(app: Flask) -> None:
    project, actor = make_project(), make_staff("staff")
    data = csv_of(OWNER, SPOUSE, OTHER)
    job = run(project, data)
    fault = queries.fault_at(job.id, 4)
    assert fault is not None

    undoing.take_row(actor=actor, job=job, project=project, data=data, fault=fault)
    db.session.commit()

    assert {name for name, _, _ in people(project)} == {"周宁", "陈明"}
    with pytest.raises(RosterError, match="not_decidable"):
        undoing.take_row(actor=actor, job=job, project=project, data=data, fault=fault)
    undone = undoing.undo_import(actor=actor, job=job)
    assert (undone.entries, undone.units, undone.buildings, undone.kept) == (2, 1, 1, 0)


def test_a_claimed_home_is_not_given_to_another_row(app: Flask) -> None:
    project, actor = make_project(), make_staff("staff")
    data = csv_of(OWNER, OTHER)
    job = run(project, data)
    claim("林晓芸")
    fault = queries.fault_at(job.id, 3)
    assert fault is not None

    with pytest.raises(RosterError, match="claimed"):
        undoing.take_row(actor=actor, job=job, project=project, data=data, fault=fault)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("2栋,1,1502,,19900000001,业主,,,", "业主姓名", "missing_name"),
        ("2栋,1,1502,???,19900000001,业主,,,", "业主姓名", "bad_name"),
        ("2栋,1,1502,林,,业主,,,", "手机", "missing_phone"),
        ("2栋,1,1502,林,1.99E+10,业主,,,", "手机", "phone_rounded"),
        ("2栋,1,1502,林,一三九,业主,,,", "手机", "bad_phone"),
        (",1,1502,林,19900000001,业主,,,", "楼栋", "missing_building"),
        ("2栋,1,,林,19900000001,业主,,,", "房号", "missing_number"),
        ("2栋,1,12O1,林,19900000001,业主,,,", "房号", "letter_in_number"),
        ("2栋,1,1502,林,19900000001,房东代理,,,", "关系", "unknown_relation"),
        ("2栋,1,1502,林,19900000001,业主,2019-02-30,,", "交付日期", "bad_date"),
        ("2栋,1,1502,林,19900000001,业主,,八十九,", "建筑面积", "bad_area"),
        ("2栋,1,1502,林,19900000001,业主,,,=1+1", "备注", "formula_cell"),
        ("2栋,1,1502,=A1,19900000001,业主,,,", "业主姓名", "formula_cell"),
        ("2栋,1,1502,林,19900000001,业主,,,好,多了", "", "extra_cells"),
        ("2栋,1,1502," + "林" * 81 + ",19900000001,业主,,,", "业主姓名", "too_long"),
        ("2栋,1,1502,林,19900000001,业主,,," + "长" * 501, "备注", "too_long"),
        ("2栋,1,1502,林,19900000001,业主,,," + "长" * 10_001, "备注", "cell_too_long"),
        ("2栋,1,1502,林,1990,业主,,," + "长" * 100_001, "备注", "cell_too_long"),
        ("2栋,1,1502,林\0,19900000001,业主,,,", "业主姓名", "control_character"),
        ('2栋,1,1502,"林,19900000001,业主,,,', "", "quotes_open"),
    ],
)
def test_a_bad_row_is_named_by_line_and_column_and_the_rest_goes_in(
    app: Flask, row: str, column: str, code: str
) -> None:
    project = make_project()

    job = run(project, csv_of(OWNER, row, "3栋,1,101,陈明,19900000003,业主,,,"))

    assert faults(job) == [(3, column, code)]
    assert [name for name, _, _ in people(project)] == ["林晓芸", "陈明"]
    assert job.counts["refused"] == 1


def test_every_fault_of_a_row_is_named_and_the_row_counts_once(app: Flask) -> None:
    job = run(make_project(), csv_of("2栋,1,1502,,,外星人,不详,不详,"))
    codes = ["missing_name", "missing_phone", "unknown_relation", "bad_date", "bad_area"]
    assert [code for _, _, code in faults(job)] == codes
    assert job.counts["refused"] == job.counts["missing_name"] == 1


def test_a_row_of_another_project_is_refused(app: Flask) -> None:
    header = "楼盘,房号,姓名,手机"
    rows = ("滨江府,2-1-1502,林晓芸,19900000001", "四季苑,2-1-1503,陈明,19900000003",
            "binjiang,2-1-1504,周宁,19900000004", ",2-1-1505,吴越,19900000005")  # fmt: skip

    job = run(make_project(), csv_of(*rows, header=header))

    assert faults(job) == [(3, "楼盘", "wrong_project")]
    assert job.counts["new"] == 3


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("7-1-1201", ("7", "1", "1201")),
        ("7栋1单元1201室", ("7", "1", "1201")),
        ("滨江府7幢1201", ("7", "", "1201")),
        ("滨江府 7-1-1201", ("7", "1", "1201")),
        ("滨江府-7-1-1201", ("7", "1", "1201")),
        ("7-1201", ("7", "", "1201")),
    ],
)
def test_a_whole_address_fills_three_parts(
    app: Flask, address: str, parts: tuple[str, str, str]
) -> None:
    run(make_project(), csv_of(f"{address},林晓芸,19900000001", header="房号,姓名,手机"))
    unit = db.session.scalars(sa.select(Unit)).one()
    building = db.session.scalars(sa.select(Building)).one()
    assert (building.name, unit.entrance, unit.number) == parts


@pytest.mark.parametrize("address", ["1201", "滨江府", "1-2-3-4", "x" * 50 + "-1-1"])
def test_an_address_that_is_none_is_refused(app: Flask, address: str) -> None:
    job = run(make_project(), csv_of(f"{address},林晓芸,19900000001", header="房号,姓名,手机"))
    assert faults(job) == [(2, "房号", "home_unreadable")]


def test_unknown_homes_are_refused_when_staff_want_so(app: Flask) -> None:
    project = make_project()
    make_unit(project, building="2", entrance="1", number="1502")

    job = run(project, csv_of(OWNER, "13栋,1,101,陈明,19900000003,业主,,,"), makes_homes=False)

    assert faults(job) == [(3, "房号", "unit_unknown")]
    assert number(Unit) == 1


def test_a_missing_column_stops_before_any_row(app: Flask) -> None:
    project = make_project()
    found = examine(project=project, data=csv_of("林晓芸", header="姓名,备注,x"))
    assert [field.value for field in found.missing] == ["phone", "building", "number"]
    job = preview(project, csv_of("林晓芸", header="姓名,备注,x"))
    with pytest.raises(RosterError, match="missing_column"):
        service.start_import(actor=None, job=job)


def test_columns_are_chosen_by_hand(app: Flask) -> None:
    data = csv_of("2-1-1502,林晓芸,19900000001", header="甲,乙,丙")
    mapping = {"home": "甲", "name": "乙", "phone": "丙"}
    project = make_project()

    job = run(project, data, mapping=mapping)

    assert people(project) == [("林晓芸", "+8619900000001", "owner")]
    assert job.mapping == mapping
    assert job.columns == [["甲", "2-1-1502"], ["乙", "林*芸"], ["丙", "199****0001"]]


def test_nothing_personal_lies_in_faults_and_examples(app: Flask) -> None:
    job = run(make_project(), sample())
    said = str(job.columns) + str([found.fault.facts for found in queries.all_faults(job.id)])
    assert "郭一梅" not in said
    assert "雷玲杰" not in said
    assert "13900001234567" not in said


def test_undo_takes_back_what_nobody_has_claimed(app: Flask) -> None:
    project, actor = make_project(), make_staff("staff")
    job = run(project, csv_of(OWNER, "3栋,1,101,陈明,19900000003,业主,,,"))
    claim("林晓芸")

    undone = undoing.undo_import(actor=actor, job=job)
    db.session.commit()

    assert (undone.entries, undone.units, undone.buildings, undone.kept) == (1, 1, 1, 1)
    assert [name for name, _, _ in people(project)] == ["林晓芸"]
    assert number(Unit) == number(Building) == 1
    assert [member.name for _, member in queries.claimed_entries(job.id)] == ["林晓芸"]
    assert job.state == ImportState.UNDONE
    assert job.counts["undone"] == job.counts["kept"] == 1
    with pytest.raises(RosterStateError):
        undoing.undo_import(actor=actor, job=job)


def test_undo_leaves_homes_that_were_there_or_are_used(app: Flask) -> None:
    project, actor = make_project(), make_staff("staff")
    make_unit(project, building="2", entrance="1", number="1502")
    job = run(project, csv_of(OWNER, "2栋,1,101,陈明,19900000003,业主,,,",
                              "2栋,1,102,周宁,19900000004,业主,,,"))  # fmt: skip
    unit = db.session.scalars(sa.select(Unit).where(Unit.number == "101")).one()
    make_ownership(make_member(name="别人"), unit)

    undone = undoing.undo_import(actor=actor, job=job)
    db.session.commit()

    assert (undone.entries, undone.units, undone.buildings) == (3, 1, 0)
    assert sorted(db.session.scalars(sa.select(Unit.number))) == ["101", "1502"]


def test_undo_of_the_second_import_leaves_the_first(app: Flask) -> None:
    project, actor = make_project(), make_staff("staff")
    run(project, csv_of(OWNER))
    second = run(project, csv_of(OWNER, SPOUSE))

    undoing.undo_import(actor=actor, job=second)
    db.session.commit()

    assert [name for name, _, _ in people(project)] == ["林晓芸"]


def test_undo_of_the_whole_sample_leaves_an_empty_project(app: Flask) -> None:
    job = run(make_project(), sample())
    undone = undoing.undo_import(actor=make_staff("staff"), job=job)
    db.session.commit()
    assert undone.entries == EXPECTED["good"] + EXPECTED["co_owner"]
    assert number(RosterEntry) == number(Unit) == number(Building) == 0


def test_a_file_is_erased_with_cancel_and_undo_and_after_a_while(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, actor = make_project(), make_staff("staff")
    cancelled = preview(project, csv_of(OWNER))
    service.cancel_import(actor=actor, job=cancelled)
    done = run(project, csv_of(OWNER))
    assert Path(path_of(done.file)).exists()
    later = clock.now() + service.KEPT + service.STALE
    monkeypatch.setattr(clock, "now", lambda: later)
    run(project, csv_of(OWNER, SPOUSE))

    db.session.refresh(done.file)
    assert cancelled.file.erased_at is not None
    assert done.file.erased_at is not None
    with pytest.raises(RosterError, match="file_gone"):
        queries.read_bytes(done)


def test_states_that_do_not_allow_an_act(app: Flask) -> None:
    project, actor = make_project(), make_staff("staff")
    job = run(project, csv_of(OWNER))
    for act in (service.start_import, service.cancel_import, service.resume_import):
        with pytest.raises(RosterStateError) as refused:
            act(actor=actor, job=job)
        assert refused.value.state == ImportState.DONE
    waiting = preview(project, csv_of(SPOUSE))
    with pytest.raises(RosterStateError):
        undoing.undo_import(actor=actor, job=waiting)


def test_one_import_of_a_project_runs_at_a_time(app: Flask) -> None:
    project, other = make_project(), make_project(slug="siji", name="四季苑")
    start(project, csv_of(OWNER))
    start(other, csv_of(OWNER))
    second = preview(project, csv_of(SPOUSE))
    with pytest.raises(RosterError, match="busy"):
        service.start_import(actor=None, job=second)


def test_the_faults_of_the_run_replace_those_of_the_preview(app: Flask) -> None:
    job = preview(make_project(), csv_of(",1,1,,,,,,"))
    before = number(RosterFault)
    service.start_import(actor=None, job=job)
    db.session.commit()
    assert before > 0
    assert number(RosterFault) == 0

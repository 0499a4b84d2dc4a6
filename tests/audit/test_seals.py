"""Seals: every entry once, in a chain that shows what was changed, taken out, added or moved."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from portal import clock
from portal.audit import checking, sealing
from portal.audit.cli import commands
from portal.audit.models import AuditCheck, AuditEntry, AuditSeal, AuditSealed
from portal.audit.service import record
from portal.extensions import db
from tests.factories import add

REASON = "客户来电要求更正"


@pytest.fixture
def trail(app):
    """Three seals: of four, four and two entries."""
    make(10)
    for _ in range(3):
        sealing.seal_entries(batch=4)
        db.session.commit()
    return app


def make(count, **values):
    for number in range(count):
        entry = record(
            actor=None,
            action="member.corrected",
            subject=("member", f"k{number:021d}"),
            project_id=None,
            facts={"number": number, "fields": ["姓名"]},
            reason=REASON,
        )
        for name, value in values.items():
            setattr(entry, name, value)
    db.session.commit()


@contextmanager
def forbidden():
    """A connection of somebody who may do everything: no trigger, no foreign key holds it."""
    db.session.commit()
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.commit()
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            names = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
            ).scalars()
            for name in list(names):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        yield connection
        connection.commit()
        connection.invalidate()
    db.session.expire_all()


def damage(connection, table, key, **values):
    column = next(iter(table.primary_key))
    connection.execute(sa.update(table).where(column == key).values(**values))


ENTRY, SEAL, PLACE = (model.__table__ for model in (AuditEntry, AuditSeal, AuditSealed))


def entry_at(seal, position):
    return db.session.scalar(
        sa.select(AuditSealed.entry_id).filter_by(seal_number=seal, position=position)
    )


def test_every_entry_is_sealed_once_in_a_chain(trail):
    seals = db.session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number)).all()
    assert [(seal.number, seal.entries) for seal in seals] == [(1, 4), (2, 4), (3, 2)]
    assert seals[0].previous == "0" * 64
    assert [seal.previous for seal in seals[1:]] == [seal.digest for seal in seals[:-1]]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditSealed)) == 10
    assert sealing.seal_entries() is None
    found = checking.verify()
    assert (found.seals, found.entries, found.unsealed, found.damage) == (3, 10, 0, None)


def test_a_row_that_commits_late_is_sealed_in_the_next_seal(trail):
    """Its id and its time are older than those of rows that were sealed before it."""
    make(1, created_at=clock.now() - timedelta(hours=1))
    assert sealing.seal_entries().entries == 1
    assert checking.verify().damage is None


def test_a_quick_sealing_looks_back_two_days_and_a_full_one_everywhere(trail):
    make(1, created_at=clock.now() - timedelta(days=400))
    assert sealing.seal_entries() is None
    found = checking.verify()
    assert found.unsealed == 1
    assert clock.now() - found.oldest_unsealed > timedelta(days=399)
    assert sealing.seal_entries(everything=True).entries == 1
    assert checking.verify().unsealed == 0


def test_a_blanked_reason_is_accepted_by_its_digest(trail):
    entry = entry_at(2, 1)
    sealing.blank_reasons(entry_ids=[entry])
    db.session.commit()
    found = checking.verify()
    assert (found.damage, found.blanked) == (None, 1)
    # What the reason could be guessed with is gone as well.
    assert db.session.get(AuditSealed, entry).text_salt is None
    assert db.session.get(AuditEntry, entry).reason is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "member.joined"),
        ("subject_key", "x"),
        ("facts", {"number": 99}),
        ("created_at", clock.now() - timedelta(days=1)),
    ],
)
def test_a_changed_entry_is_named(trail, column, value):
    entry = entry_at(2, 1)
    with forbidden() as connection:
        damage(connection, ENTRY, entry, **{column: value})
    assert checking.verify().damage == checking.Damage("entry_changed", 2, entry)


def test_another_reason_is_named(trail):
    entry = entry_at(2, 3)
    with forbidden() as connection:
        damage(connection, ENTRY, entry, reason="别的理由")
    assert checking.verify().damage == checking.Damage("text_changed", 2, entry)


def test_a_reason_put_where_none_was_is_named(trail):
    make(1, reason=None)
    sealing.seal_entries()
    entry = entry_at(4, 0)
    with forbidden() as connection:
        damage(connection, ENTRY, entry, reason="后来加的")
    assert checking.verify().damage == checking.Damage("text_changed", 4, entry)


def test_a_missing_entry_is_named(trail):
    entry = entry_at(1, 2)
    with forbidden() as connection:
        connection.execute(sa.delete(ENTRY).where(ENTRY.c.id == entry))
    assert checking.verify().damage == checking.Damage("entry_missing", 1, entry)


def test_an_entry_missing_with_its_place_is_noticed(trail):
    entry = entry_at(1, 2)
    with forbidden() as connection:
        connection.execute(sa.delete(PLACE).where(PLACE.c.entry_id == entry))
        connection.execute(sa.delete(ENTRY).where(ENTRY.c.id == entry))
    assert checking.verify().damage == checking.Damage("entry_missing", 1)


def test_an_entry_added_to_a_sealed_batch_is_named(trail):
    make(1)
    added = db.session.scalar(sa.select(AuditEntry.id).order_by(AuditEntry.created_at.desc()))
    entry = db.session.get(AuditEntry, added)
    row = sealing._sealed(entry, 2, 4)
    with forbidden() as connection:
        connection.execute(sa.insert(PLACE).values(**row))
    assert checking.verify().damage == checking.Damage("entry_added", 2, added)


def test_entries_that_changed_places_are_noticed(trail):
    first, second = entry_at(2, 0), entry_at(2, 1)
    with forbidden() as connection:
        damage(connection, PLACE, first, position=50)
        damage(connection, PLACE, second, position=0)
        damage(connection, PLACE, first, position=1)
    assert checking.verify().damage == checking.Damage("seal_changed", 2)


def test_an_entry_that_leaves_its_place_is_named(trail):
    last = entry_at(2, 3)
    with forbidden() as connection:
        damage(connection, PLACE, last, position=7)
    assert checking.verify().damage == checking.Damage("entry_order", 2, last)


def test_an_entry_changed_together_with_its_digest_breaks_the_seal(trail):
    key = entry_at(2, 0)
    with forbidden() as connection:
        damage(connection, ENTRY, key, action="member.joined")
    entry, place = db.session.get(AuditEntry, key), db.session.get(AuditSealed, key)
    with forbidden() as connection:
        made = sealing.row_digest(entry, place.text_digest)
        damage(connection, PLACE, key, row_digest=made)
    assert checking.verify().damage == checking.Damage("seal_changed", 2)


def test_a_seal_made_anew_does_not_carry_the_next(trail):
    with forbidden() as connection:
        damage(connection, SEAL, 2, digest="f" * 64)
    assert checking.verify().damage == checking.Damage("seal_changed", 2)
    with forbidden() as connection:
        damage(connection, SEAL, 2, previous="f" * 64)
    assert checking.verify().damage == checking.Damage("seal_chain", 2)


def test_a_missing_seal_is_named(trail):
    with forbidden() as connection:
        connection.execute(sa.delete(PLACE).where(PLACE.c.seal_number == 2))
        connection.execute(sa.delete(SEAL).where(SEAL.c.number == 2))
    assert checking.verify().damage == checking.Damage("seal_missing", 2)


def test_a_trail_that_was_cut_off_is_shown_by_a_digest_kept_elsewhere(trail):
    digest = checking.verify().digest
    with forbidden() as connection:
        connection.execute(sa.delete(PLACE).where(PLACE.c.seal_number == 3))
        connection.execute(sa.delete(SEAL).where(SEAL.c.number == 3))
    assert checking.verify().damage is None
    assert checking.verify(expect=[digest]).damage == checking.Damage("expected_missing")


def test_a_trail_that_was_checked_cannot_be_cut_off_unnoticed(trail):
    checking.note_check(found=checking.verify())
    with forbidden() as connection:
        for table in (PLACE, SEAL, ENTRY):
            connection.execute(sa.delete(table))
    assert checking.verify().damage == checking.Damage("expected_missing")


def test_a_kept_digest_stays_good_when_seals_are_added(trail):
    digest = checking.verify().digest
    make(3)
    sealing.seal_entries()
    assert checking.verify(expect=[digest]).damage is None


@pytest.mark.parametrize("table", ["audit_seal", "audit_sealed"])
def test_the_database_refuses_changes_to_seals(trail, table):
    model = db.metadata.tables[table]
    key = next(iter(model.c))
    for statement in (sa.delete(model), sa.update(model).values({key: 77})):
        with pytest.raises(DatabaseError, match="append-only"), db.session.begin_nested():
            db.session.execute(statement)


def test_a_salt_may_be_blanked_and_not_replaced(trail):
    with pytest.raises(DatabaseError, match="append-only"), db.session.begin_nested():
        db.session.execute(sa.update(AuditSealed).values(text_salt=b"x" * 16))


def test_sealers_at_once_seal_everything_once(app):
    make(60)
    failures = []

    def work():
        with app.app_context():
            for _ in range(200):
                try:
                    made = sealing.seal_entries(batch=5)
                    db.session.commit()
                except sealing.SealTakenError:
                    db.session.rollback()
                    continue
                except Exception as error:  # a thread's failure is the test's
                    failures.append(error)
                    return
                if made is None:
                    return

    db.session.commit()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = checking.verify()
    assert (found.entries, found.unsealed, found.damage) == (60, 0, None)


def test_the_command_seals_verifies_and_tells(trail):
    make(2)
    runner = trail.test_cli_runner()
    answer = runner.invoke(commands, ["verify"])
    assert answer.exit_code == 0, answer.output
    assert "12 entries in 4 seals fit" in answer.output
    assert "Everything fits." in answer.output
    digest = sealing.newest_seal().digest
    assert digest in answer.output
    assert runner.invoke(commands, ["verify", "--expect", digest.upper()]).exit_code == 0
    entry = entry_at(2, 1)
    with forbidden() as connection:
        damage(connection, ENTRY, entry, action="member.joined")
    answer = runner.invoke(commands, ["verify"])
    assert answer.exit_code == 1
    assert f"Entry {entry} in seal 2 was changed." in answer.output
    checks = db.session.scalars(sa.select(AuditCheck).order_by(AuditCheck.created_at)).all()
    assert [check.fault for check in checks] == ["", "", "entry_changed"]
    assert (checks[-1].fault_seal, checks[-1].fault_entry) == (2, entry)


def test_the_command_on_an_empty_trail(app):
    runner = app.test_cli_runner()
    assert "nothing to seal" in runner.invoke(commands, ["seal"]).output
    assert runner.invoke(commands, ["verify"]).exit_code == 0
    assert runner.invoke(commands, ["verify", "--expect", "ab" * 32]).exit_code == 1


def test_reasons_of_old_entries_keep_their_words_for_the_report(app):
    add(AuditEntry(action="a", subject_kind="member", subject_key="k", reason=""))
    sealing.seal_entries()
    assert checking.verify().damage is None

"""The sales office's sample files, against the counts that come with them."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.extensions import db
from portal.projects.models import Building, Unit
from portal.roster.examining import examine
from portal.roster.models import ImportState, RosterEntry, RosterFault
from tests.factories import make_project
from tests.roster.helpers import EXPECTED, SAMPLES, run, sample


def _number(model: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def _outcomes(counts: dict[str, int]) -> dict[str, int]:
    return {name: counts.get(name, 0) for name in EXPECTED}


@pytest.mark.parametrize("name", SAMPLES)
def test_preview_counts_as_expected_and_writes_nothing(app: Flask, name: str) -> None:
    project = make_project()

    found = examine(project=project, data=sample(name))

    assert _outcomes(found.counts) == EXPECTED
    assert sum(found.counts[outcome] for outcome in EXPECTED) == 2 * EXPECTED["rows"]
    assert found.counts["new"] == EXPECTED["good"] + EXPECTED["co_owner"]
    assert _number(RosterEntry) == _number(Unit) == _number(RosterFault) == 0


@pytest.mark.parametrize("name", SAMPLES)
def test_import_counts_as_expected(app: Flask, name: str) -> None:
    project = make_project()

    job = run(project, sample(name))

    assert job.state == ImportState.DONE
    assert job.rows_done == job.rows_total == EXPECTED["rows"]
    assert _outcomes(job.counts) == EXPECTED
    entries = EXPECTED["good"] + EXPECTED["co_owner"]
    assert _number(RosterEntry) == job.counts["new"] == entries
    assert _number(Unit) == job.counts["units"]
    assert _number(Building) == job.counts["buildings"] == 18


def test_the_three_files_are_one_roster(app: Flask) -> None:
    project = make_project()
    run(project, sample(SAMPLES[0]))
    before = _number(RosterEntry), _number(Unit)

    for name in SAMPLES:
        job = run(project, sample(name))

        assert job.counts.get("new", 0) == job.counts.get("units", 0) == 0
        assert job.counts["unchanged"] == EXPECTED["good"] + EXPECTED["co_owner"]
        assert _outcomes(job.counts) == EXPECTED
    assert (_number(RosterEntry), _number(Unit)) == before

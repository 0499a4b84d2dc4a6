"""Cross tables and files of a wave: the page's rule, the same words for 0 and for 4."""

import csv
import io
import itertools

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plugins.surveys.figures.chance import chi_square
from plugins.surveys.figures.counting import counts
from plugins.surveys.models import Ballot
from plugins.surveys.results.crossing import crossed, offered
from plugins.surveys.states import State
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from tests import factories
from tests.plugins.surveys.instruments import document, question
from tests.plugins.surveys.waves import bring, make_survey, make_wave

ASKED = document(
    [question("q1", required=True, role="satisfaction"), question("q2", "single"), question("q3")]
)


def _closed(place, rows, **values):
    """Close a wave with (positions, building, stage) so many times."""
    wave = make_wave(place.project.id, instrument=ASKED, **values)
    number = wave.id * 10_000
    mine = {"wave_id": wave.id, "named": wave.named, "project_id": wave.project_id}
    for positions, building, stage, many in rows:
        for _ in range(many):
            number += 1
            more = {"positions": positions, "building": building, "stage": stage}
            db.session.add(Ballot(id=number, **mine, **more))
    db.session.commit()
    bring(wave, State.CLOSED, closed_at=clock.now())
    return wave


@pytest.fixture
def wave(place):
    rows = [
        ([5, 1, 5], "1", "senior", 30), ([5, 2, 5], "1", "senior", 12),
        ([2, 1, 2], "1", "senior", 12), ([2, 2, 2], "2", "stable", 30),
        ([5, 2, -2], "2", "stable", 14), ([5, 3, 5], "2", "stable", 3),
    ]  # fmt: skip
    return _closed(place, rows)


def _sums(found):
    return {line.name or line.codes: (list(line.cells), line.total) for line in found.lines}


def test_two_questions_make_a_table_of_large_cells(wave):
    known = offered(wave)
    assert list(known.items) == ["q1", "q2", "q3"]
    found = crossed(wave, known, row="q1", column="q2")
    # Options 3, 4 and no answer are few: with the smallest other answer they stand hidden.
    assert found.columns == ((1,), (2,), (3,), (4,), ())
    assert found.totals == [None, 56, None, None, None]
    assert _sums(found) == {
        (4, 5): ([None, 26, None, None, None], 59),
        (1, 2, 3): ([None, 30, None, None, None], 42),
    }
    assert found.told is None


def test_a_stratum_by_a_question_says_whether_it_is_chance(wave):
    found = crossed(wave, offered(wave), row="building", column="q1")
    assert _sums(found) == {"1": ([42, 12], 54), "2": ([17, 30], 47)}
    assert (found.totals, found.total) == ([59, 42], 101)
    peer = stats.chi2_contingency([[42, 12], [17, 30]], correction=False)
    assert found.told.p == pytest.approx(peer.pvalue)
    assert found.told.significant


@pytest.mark.once
@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(6, 90), min_size=3, max_size=3), min_size=2, max_size=5))
def test_chi_square_is_scipys(table):
    mine, peer = chi_square(table), stats.chi2_contingency(table, correction=False)
    if peer.expected_freq.min() < 5:
        assert mine is None
    else:
        assert mine.statistic == pytest.approx(peer.statistic, abs=1e-9)
        assert (mine.degrees, mine.p) == (peer.dof, pytest.approx(peer.pvalue, abs=1e-12))


def test_no_two_tables_of_one_wave_give_a_small_group(place):
    """Every pair of tables: what is told of a group is one number, and no rest of it is small."""
    rows = [
        ([5, 1, 4], "1", "senior", 11), ([4, 2, -2], "1", "stable", 2),
        ([2, 2, 3], "2", "stable", 13), ([1, 3, 1], "2", "senior", 10),
        ([3, -2, 5], "3", "stable", 11), ([5, 4, 2], "3", "senior", 4),
        ([2, 1, -2], "1", "senior", 10), ([4, 3, 4], "2", "stable", 12),
        ([1, 4, 1], "3", "stable", 9),
    ]  # fmt: skip
    wave = _closed(place, rows)
    known = offered(wave)
    told: dict[tuple[object, ...], set[int]] = {}
    for row, column in itertools.product(("building", "stage", *known.items), known.items):
        if row == column:
            continue
        found = crossed(wave, known, row=row, column=column)
        for line in found.lines:
            name = (row, line.name or line.codes)
            if line.total is not None:
                told.setdefault(name, set()).add(line.total)
            cells = [each for each in line.cells if each is not None]
            for codes, cell in zip(found.columns, line.cells, strict=True):
                if cell is not None:
                    told.setdefault(tuple(sorted([name, (column, codes)], key=str)), set()).add(
                        cell
                    )
            hidden = len(cells) < len(line.cells)
            if line.total is not None and hidden and cells:
                assert line.total - sum(cells) >= wave.least_cell
        for codes, total in zip(found.columns, found.totals, strict=True):
            if total is not None:
                told.setdefault((column, codes), set()).add(total)
    assert len(told) > 15
    assert all(len(numbers) == 1 for numbers in told.values())
    assert min(number for numbers in told.values() for number in numbers) >= wave.least_cell
    assert counts(wave.id)[0][5] == 15


def _address(place, wave, part):
    return f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/{part}"


def test_the_page_shows_and_sends_the_table(client, place, wave, query_count):
    signed = factories.sign_in(client, place.clerk)
    page = signed.get(_address(place, wave, "cross?row=building&column=q1"))
    assert "42<span" in page.text
    assert "各行的回答有显著差异" in page.text
    with query_count() as many:
        signed.get(_address(place, wave, "cross?row=q1&column=q3"))
    assert len(many) <= 14
    with signed.post(_address(place, wave, "cross.csv?row=building&column=q1")) as answer:
        lines = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert lines[1] == ["1", "42", "12", "78", "22", "54"]
    assert lines[3][:3] == ["合计", "59", "42"]
    said = signed.post(_address(place, wave, "cross.json?row=q1&column=q2")).json
    assert said["rows"][0]["counts"] == [None, 26, None, None, None]
    # What is not offered becomes the first; an unknown kind is not there.
    assert signed.get(_address(place, wave, "cross?row=q1&column=q1")).status_code == 200
    assert signed.get(_address(place, wave, "cross?row=%27&column=x")).status_code == 200
    assert signed.post(_address(place, wave, "cross.pdf")).status_code == 404
    mine = sa.select(AuditEntry.facts).where(AuditEntry.action == "surveys.results_taken")
    assert {each["format"] for each in db.session.scalars(mine)} == {"csv", "json"}


def test_a_file_of_figures_is_the_page(client, place, wave):
    signed = factories.sign_in(client, place.clerk)
    with signed.post(_address(place, wave, "results.csv?by=building")) as answer:
        lines = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert lines[1][1:] == ["", "58.4", "48.7", "67.5", "", "101"]
    assert ["楼栋", "1", "78", "", "", "54", ""] in lines
    # 14 skipped q3, enough to tell its base.
    assert {line[6] for line in lines if line[0] == "q3"} == {"87"}
    said = signed.post(_address(place, wave, "results.json")).json
    assert said["figures"]["satisfied"]["base"] == 101
    with signed.post(_address(place, wave, "results.xlsx")) as answer:
        assert answer.data[:2] == b"PK"
    assert signed.post(_address(place, wave, "results.pdf")).status_code == 404


def test_fewer_than_k_are_the_same_bytes_for_none_and_for_four(client, place):
    signed = factories.sign_in(client, place.clerk)
    parts = ("results.csv", "results.xlsx", "results.json", "cross.csv", "cross.json")
    given_out = []
    for number, few in enumerate((0, 4), 1):
        survey = make_survey(place.project.id, f"s{number}")
        wave = _closed(place, [([5, 1, 5], "1", "senior", few)], survey=survey)
        given_out.append([signed.post(_address(place, wave, part)).data for part in parts])
    assert given_out[0] == given_out[1]
    assert len(set(given_out[0])) == 1


def test_nothing_is_crossed_while_answers_come_in(client, place):
    wave = make_wave(place.project.id, instrument=ASKED)
    signed = factories.sign_in(client, place.clerk)
    assert "调查结束后显示结果" in signed.get(_address(place, wave, "cross")).text
    for part in ("cross.csv", "results.csv"):
        assert signed.post(_address(place, wave, part)).status_code == 409

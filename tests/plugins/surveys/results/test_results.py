"""Counts from ballots, and the staff's page of results: never a group that is too small."""

import pytest

from plugins.surveys.figures.counting import counts, joint
from plugins.surveys.models import Ballot
from plugins.surveys.states import State
from portal import clock
from portal.extensions import db
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugins.surveys.conftest import Place
from tests.plugins.surveys.waves import bring, make_wave


def _ballots(wave, rows):
    """Add (positions, building) so many times."""
    number = wave.id * 10_000
    for positions, building, many in rows:
        for _ in range(many):
            number += 1
            db.session.add(
                Ballot(
                    id=number,
                    wave_id=wave.id,
                    named=wave.named,
                    project_id=wave.project_id,
                    positions=positions,
                    building=building,
                )
            )
    db.session.commit()


@pytest.fixture
def wave(place: Place):
    """A wave in field: 31 satisfied and 29 not, in three buildings, one of them small."""
    wave = make_wave(place.project.id)
    rows = [([5, 10], "1", 20), ([2, 3], "1", 20), ([4, 7], "2", 10), ([3, -2], "2", 8)]
    _ballots(wave, [*rows, ([5, 9], "老楼", 1), ([1, 8], "老楼", 1)])
    return wave


def _page(client, place, wave, role="staff"):
    account = place.clerk if role == "staff" else factories.make_staff(role, place.project)
    signed = factories.sign_in(client, account)
    return signed.get(f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/results")


def test_counts_are_the_ballots(wave):
    assert counts(wave.id) == {
        0: {5: 21, 2: 20, 4: 10, 3: 8, 1: 1},
        1: {10: 20, 3: 20, 7: 10, -2: 8, 9: 1, 8: 1},
    }
    assert joint(wave.id, [0, 1])[(3, -2)] == 8
    assert joint(wave.id, [0], by=["building"])[("老楼", 1)] == 1
    with pytest.raises(ValueError, match="no stratum"):
        joint(wave.id, [0], by=["positions"])


def test_nothing_is_shown_while_answers_come_in(client, place, wave):
    page = _page(client, place, wave)
    assert page.status_code == 200
    assert "调查结束后显示结果" in page.text
    assert "总体满意度" not in page.text


def test_a_closed_wave_shows_what_is_large_enough(client, place, wave, query_count):
    bring(wave, State.CLOSED, closed_at=clock.now())
    page = _page(client, place, wave)
    assert "52<small>%" in page.text
    assert "老楼" in page.text
    assert page.text.count("已隐藏") >= 2
    with query_count() as count:
        _page(client, place, wave)
    assert len(count) <= 21


@pytest.mark.parametrize("few", [0, 4])
def test_a_wave_of_few_shows_no_figure(client, place, few):
    wave = make_wave(place.project.id)
    _ballots(wave, [([5, 10], "1", few)])
    bring(wave, State.CLOSED, closed_at=clock.now())
    page = _page(client, place, wave).text
    assert "<small>%" not in page
    assert page.count("少于 10") >= 7


def test_another_projects_wave_is_not_found(client, place, wave):
    other = factories.make_project(slug="xishan")
    switch_on("surveys", other)
    db.session.commit()
    signed = factories.sign_in(client, factories.make_staff("manager", other))
    address = f"/p/{other.slug}/staff/surveys/{wave.public_id}/results"
    assert signed.get(address).status_code == 404

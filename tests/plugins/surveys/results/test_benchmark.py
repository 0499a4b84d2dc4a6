"""Projects beside each other: the newest wave of each, nothing small, order beyond chance."""

import csv
import io

import sqlalchemy as sa

from plugins.surveys.models import Ballot
from plugins.surveys.results.benchmark import compare
from plugins.surveys.states import State
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.plugin_host.refs import project_ref
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugins.surveys.waves import bring, make_survey, make_wave

PAGE = "/centre/surveys/"


def _closed(project, good, bad, *, number=1, survey=None):
    """Close a wave with so many who are satisfied and so many who are not."""
    wave = make_wave(project.id, survey=survey, number=number)
    first = wave.id * 10_000
    said = [*[[5, 10]] * good, *[[2, 3]] * bad]
    for place, positions in enumerate(said):
        mine = {"wave_id": wave.id, "named": wave.named, "project_id": project.id}
        db.session.add(Ballot(id=first + place, positions=positions, **mine))
    db.session.commit()
    bring(wave, State.CLOSED, closed_at=clock.now())
    return wave


def _project(slug):
    project = factories.make_project(slug=slug)
    switch_on("surveys", project)
    db.session.commit()
    return project


def _of(*projects):
    found = compare({each.id: project_ref(each) for each in projects}, series="yearly")
    return {row.project.slug: row for row in found}


def test_an_order_is_told_only_where_it_is_more_than_chance(place):
    near, far = _project("near"), _project("far")
    _closed(place.project, 60, 40)
    _closed(near, 58, 42)
    _closed(far, 20, 80)
    rows = _of(place.project, near, far)
    assert [(rows[slug].above, rows[slug].below) for slug in ("near", "far")] == [(1, 0), (0, 2)]
    assert rows["near"].satisfied.value == 0.58
    assert rows["near"].satisfied.base == 100


def test_small_projects_have_no_figure_and_no_order(place):
    none, few = _project("none"), _project("few")
    _closed(place.project, 60, 40)
    _closed(none, 0, 0)
    _closed(few, 90, 4)
    rows = _of(place.project, none, few)
    for slug in ("none", "few"):
        row = rows[slug]
        assert (row.satisfied.value, row.nps.value, row.loyal.value) == (None, None, None)
        assert (row.above, row.below) == (0, 0)
    assert rows[place.project.slug].below == 0


def test_the_newest_closed_wave_of_the_series_stands(place):
    survey = make_survey(place.project.id)
    _closed(place.project, 20, 80, survey=survey)
    newest = _closed(place.project, 50, 50, survey=survey, number=2)
    make_wave(place.project.id, survey=survey, number=3)
    _closed(place.project, 80, 20, survey=make_survey(place.project.id, "after_event"))
    row = _of(place.project)[place.project.slug]
    assert (row.wave.id, row.satisfied.value) == (newest.id, 0.5)


def test_another_project_is_not_compared(place):
    other = _project("other")
    _closed(place.project, 60, 40)
    _closed(other, 10, 90)
    rows = _of(place.project)
    assert list(rows) == [place.project.slug]
    assert rows[place.project.slug].above == 0


def test_the_page_reads_as_much_for_two_projects_as_for_twelve(client, place, query_count):
    _closed(place.project, 60, 40)
    _closed(_project("p1"), 30, 30)
    signed = factories.sign_in(client, factories.make_staff("centre"))
    signed.get(PAGE)
    with query_count() as two:
        assert signed.get(PAGE).text.count('class="go"') == 2
    for number in range(2, 12):
        _closed(_project(f"p{number}"), 30, 30)
    with query_count() as twelve:
        assert signed.get(PAGE).text.count('class="go"') == 12
    assert len(two) == len(twelve) <= 9


def test_the_file_is_the_page_and_leaves_a_row_in_the_trail(client, place):
    _closed(place.project, 60, 40)
    _closed(_project("few"), 3, 4)
    signed = factories.sign_in(client, factories.make_staff("leader"))
    assert "少于 10" in signed.get(PAGE).text
    with signed.post(f"{PAGE}export.csv?series=yearly") as answer:
        lines = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert len(lines) == 3
    told = {line[4]: line[4:8] for line in lines[1:]}
    assert told["60.0"][3] == "100"
    assert told["少于 10"] == ["少于 10", "", "", ""]
    mine = sa.select(AuditEntry.facts).where(AuditEntry.action == "surveys.exported")
    assert db.session.scalars(mine).one()["rows"] == 2
    assert signed.post(f"{PAGE}export.pdf").status_code == 404
    assert "还没有结果" in signed.get(f"{PAGE}?series=after_event").text
    assert signed.get(f"{PAGE}?series=x&q=%25").status_code == 200


def test_who_works_for_one_project_does_not_compare(client, place):
    assert factories.sign_in(client, place.manager).get(PAGE).status_code == 403

"""Figures: each way of ending apart, nothing private in public, defects that return."""

import pytest

from plugins.complaints import deciding, figures, handling, promising, shares, timing, words
from plugins.complaints.casework import acting_at, database_now
from plugins.complaints.models import Case
from plugins.complaints.states import Frontline, Level, Ring
from portal.extensions import db
from tests import factories
from tests.plugins.complaints.conftest import sound

FIGURES = "/p/binjiang/staff/complaints/figures"
BOARD = "/p/binjiang/complaints/board"


@pytest.fixture
def ended(place, make_case):
    """One case of each ending, the satisfied one about the lift of a home that is told."""

    def propose(case):
        handling.answer(
            actor=place.clerk,
            rank=Level.PROJECT,
            case_id=case.id,
            project=place.ref,
            step="propose",
            body="已修好",
            version=case.version,
        )
        return {"case_id": case.id, "member": place.owner, "project": place.ref}

    happy, unhappy, lapsed, back = (make_case(frontline=Frontline.HOME) for _ in range(4))
    deciding.accept(**propose(happy), rating=4, version=happy.version)
    deciding.accept(**propose(unhappy), rating=1, version=unhappy.version)
    propose(lapsed)
    with acting_at(lapsed.waits_until):
        timing.run_out(case_id=lapsed.id, project=place.ref)
    taken = {"case_id": back.id, "member": place.owner, "project": place.ref}
    deciding.withdraw(**taken, version=back.version)
    make_case(ring=Ring.PRIVATE, category="parking")
    db.session.commit()
    return happy


def test_every_ending_is_counted_apart(place, ended):
    after = figures.since(place.ref)
    rows = {row.key: row for row in figures.tallies([place.project.id], "category", after)}
    lift = rows["lift"]
    assert (lift.handed_in, lift.satisfied, lift.unsatisfied, lift.lapsed) == (4, 1, 1, 1)
    assert (lift.withdrawn, lift.running, lift.rating) == (1, 0, 2.5)
    assert (rows["parking"].running, rows["parking"].rating) == (1, None)
    whole = figures.whole(list(rows.values()))
    ways = ("satisfied", "unsatisfied", "lapsed", "withdrawn", "joined", "running")
    assert whole.handed_in == sum(getattr(whole, way) for way in ways) == 5
    public = figures.tallies([place.project.id], "project", after, public=True)
    assert [row.handed_in for row in public] == [4]
    after = figures.since(place.ref)
    months = shares.beside([place.ref.id], after, months_of=place.ref).months
    assert (months[-1].handed_in, months[-1].satisfied, len(months)) == (5, 1, 12)


def test_a_home_that_is_not_told_gives_no_building(place, make_case):
    make_case()
    told = make_case(member=place.neighbour, frontline=Frontline.HOME)
    after = figures.since(place.ref)
    rows = figures.tallies([place.project.id], "building", after)
    assert {row.key: row.handed_in for row in rows} == {"": 1, told.building: 1}


def test_a_defect_that_returns_after_its_case_was_over(app, client, place, make_case, ended):
    clerk = factories.sign_in(client, place.clerk)
    again = make_case("又响了", member=place.neighbour)
    db.session.get_one(Case, again.id).building = ended.building
    for case in (ended, again):
        page = f"/p/binjiang/staff/complaints/{case.public_id}/classify"
        data = {"defect": "lift", "version": db.session.get_one(Case, case.id).version}
        assert clerk.post(page, data=data).status_code == 303
        assert clerk.post(page, data=data).status_code == 409
        assert clerk.post(page, data={**data, "defect": "magic"}).status_code == 422
        sound(case)
    found = figures.defects(place.project.id, figures.since(place.ref))
    assert sum(each.cases for each in found) == 2
    assert [each.recurred for each in found if each.building == ""] == [1]
    assert str(words.DEFECTS["lift"]) in clerk.get(f"{FIGURES}?by=defect").text


def test_the_pages_and_their_files(app, client, place, make_case, ended, query_count):
    clerk = factories.sign_in(client, place.clerk)
    for by in (*figures.BY, "nonsense"):
        with query_count() as sent:
            assert clerk.get(f"{FIGURES}?by={by}").status_code == 200
        assert len(sent) <= 8, by
    with clerk.post(f"{FIGURES}.csv?by=category") as sheet:
        assert "2.5" in sheet.text
    with clerk.post(f"{FIGURES}.xlsx?by=defect") as sheet:
        assert sheet.status_code == 200
    assert clerk.post(f"{FIGURES}.pdf").status_code == 404
    owner = factories.sign_in(app.test_client(), place.member)
    with query_count() as sent:
        assert "2.5" in owner.get(BOARD).text
    assert len(sent) <= 9
    centre = factories.sign_in(app.test_client(), place.centre)
    with query_count() as sent:
        assert "2.5" in centre.get("/centre/complaints/board").text
    assert len(sent) <= 8
    with centre.post("/centre/complaints/board.csv") as sheet:
        assert "2.5" in sheet.text
    assert clerk.get("/centre/complaints/board").status_code == 403


def test_the_rate_of_broken_promises(place, make_case):
    case = make_case()
    today = database_now().date()
    for _ in range(2):
        promised = promising.promise(
            actor=place.clerk,
            case_id=case.id,
            project=place.ref,
            body="校正",
            due_on=today.replace(year=today.year + 1),
            version=case.version,
        )
    promising.keep(actor=place.clerk, promise_id=promised.id, project=place.ref)
    db.session.commit()
    found = shares.beside([place.project.id], figures.since(place.ref))
    share = found.promised[place.project.id]
    assert (share.percent, share.broken_percent) == (100, 0)
    assert shares.Share(1, 3).broken_percent == 75
    assert shares.Share().broken_percent is None

"""Staff's programs: waves, steps that a second person approves, results without small groups."""

import pytest

from plugins.surveys.canonical import sha256
from plugins.surveys.states import State
from portal.extensions import db
from tests import factories
from tests.plugins.surveys.publishing.conftest import make_sealed
from tests.plugins.surveys.waves import add_ballot, bring, make_survey, make_wave

KEY = "abcdefghijklmnopqrst"


@pytest.fixture
def program(app, place):
    tried = iter(range(1000))

    def call(account, method, path="", **more):
        token = factories.make_token(account)
        key = f"{KEY}{next(tried):03}"
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        base = f"/api/v1/p/{place.project.slug}/surveys/staff/"
        return app.test_client().open(base + path, method=method, headers=headers, **more)

    return call


def test_a_program_lists_waves_and_leads_one_on(program, place):
    found = make_wave(place.project.id, members=[place.member], state=State.FROZEN)
    listed = program(place.clerk, "GET", "?state=frozen").json["items"]
    assert [(each["id"], each["rate"]["asked"]) for each in listed] == [(found.public_id, 1)]
    assert program(place.clerk, "GET", "?state=draft").json["items"] == []
    shown = program(place.manager, "GET", found.public_id).json
    assert (shown["steps"], shown["by_building"]["1"]["asked"]) == (["open"], 1)
    assert shown["hashes"]["frame_hash"] == found.frame_hash
    wish = {"step": "open", "version": shown["version"]}
    step = f"{found.public_id}/step"
    assert program(place.clerk, "POST", step, json=wish).status_code == 403
    stale = program(place.manager, "POST", step, json={**wish, "version": 99})
    assert (stale.status_code, stale.json["code"]) == (409, "STALE")
    assert program(place.manager, "POST", step, json=wish).json["state"] == "field"
    again = program(place.manager, "POST", step, json=wish)
    assert (again.status_code, again.json["code"], again.json["state"]) == (
        409,
        "ILLEGAL_STEP",
        "field",
    )
    for bad in (
        {"step": "fly", "version": 1},
        {"step": "close"},
        {"step": "close", "version": "1"},
    ):
        assert program(place.manager, "POST", step, json=bad).status_code == 422
    assert program(place.manager, "GET", "unknownunknownunknown1").status_code == 404
    other = factories.make_project(slug="elsewhere")
    elsewhere = make_wave(other.id)
    assert program(place.manager, "GET", elsewhere.public_id).status_code == 404


def test_results_come_after_the_close_without_small_groups(program, place):
    found = make_wave(place.project.id, least_cell=5)
    for number in range(12):
        add_ballot(found, [5 if number < 6 else 2, 10], building="1" if number < 10 else "2")
    db.session.commit()
    early = program(place.clerk, "GET", f"{found.public_id}/results")
    assert (early.status_code, early.json["code"]) == (409, "NOT_CLOSED")
    bring(found, State.CLOSED, closed_at=found.created_at)
    told = program(place.clerk, "GET", f"{found.public_id}/results?by=building").json
    assert told["figures"]["satisfied"]["value"] == 0.5
    # Nobody is passive, nobody detracts: as few as four would look the same.
    assert told["figures"]["nps"]["value"] is None
    assert [each["key"] for each in told["items"]] == ["q1"]
    assert [each["count"] for each in told["items"][0]["counts"]] == [6, 6]
    assert {each["satisfied"] for each in told["strata"]} == {None}
    assert program(place.clerk, "GET", f"{found.public_id}/results?by=name").status_code == 422
    auditor = factories.make_staff("auditor", place.project)
    db.session.commit()
    assert program(auditor, "GET", f"{found.public_id}/results").status_code == 403


def test_publishing_is_confirmed_and_then_read(program, place):
    made = make_sealed(place)
    page, manager = made.public_id, place.manager
    early = program(manager, "GET", f"{page}/publication")
    assert (early.status_code, early.json["code"]) == (409, "NOT_PUBLISHED")
    wish = {"step": "publish", "version": made.version}
    for unsure in ({}, {"sure": False}):
        asked = program(manager, "POST", f"{page}/step", json=wish | unsure)
        assert (asked.status_code, list(asked.json["errors"])) == (422, ["sure"])
    db.session.refresh(made)
    assert made.state == State.SEALED
    told = program(manager, "POST", f"{page}/step", json=wish | {"sure": True})
    assert (told.status_code, told.json["state"]) == (200, "published")
    shown = program(place.clerk, "GET", f"{page}/publication").json
    assert shown["figures"]["answered"] == 96
    assert (shown["figures_hash"], shown["signed_at"]) == (sha256(shown["figures"]), None)


def test_a_program_keeps_what_is_done_about_a_survey(program, place):
    made = make_wave(place.project.id, state=State.CLOSED)
    page, clerk = f"{made.public_id}/actions", place.clerk
    words = {"said": {"zh_Hans_CN": "灯太暗"}, "did": {"zh_Hans_CN": "换了新灯"}}
    for bad in ({**words, "did": {"en": "New lamps"}}, {**words, "dimension": "moon"}, {}):
        assert program(clerk, "POST", page, json=bad).status_code == 422
    kept = program(clerk, "POST", page, json=words)
    assert kept.status_code == 201
    [action] = kept.json["items"]
    assert (action["did"], action["done_at"], action["withdrawn"]) == (words["did"], None, False)
    mine = f"{page}/{action['id']}"
    marked = program(clerk, "POST", f"{mine}/mark", json={"done": True, "withdrawn": True}).json
    assert marked["items"][0]["done_at"]
    assert marked["items"][0]["withdrawn"]
    changed = program(clerk, "PUT", mine, json={**words, "dimension": "engineering"}).json["items"]
    assert (changed[0]["dimension"], len(changed)) == ("engineering", 1)
    assert program(clerk, "PUT", f"{page}/{'x' * 22}", json=words).status_code == 404
    open_wave = make_wave(place.project.id, survey=make_survey(place.project.id, "open"))
    early = program(clerk, "POST", f"{open_wave.public_id}/actions", json=words)
    assert (early.status_code, early.json["code"]) == (409, "STILL_OPEN")
    elsewhere = program(clerk, "PUT", f"{open_wave.public_id}/actions/{action['id']}", json=words)
    assert elsewhere.status_code == 404

"""The pages of tiers: the owner's, the staff's of a member, and the scheme editor."""

from copy import deepcopy
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.idempotency.keys import new_key
from portal.tiers import evaluate, service
from portal.tiers.models import Override, Scheme, SchemeVersion
from portal.tiers.scheme_views import newest_of
from tests.factories import make_member, make_owner, make_project, make_staff, make_token, sign_in
from tests.screens import EN, Screens
from tests.tiers.helpers import form as scheme_form
from tests.tiers.helpers import install, night, qualify, state, story, tier

MINE, STAFF = 7, 8
EDITOR = "/centre/tiers/club"


@pytest.fixture
def project():
    return make_project()


def post(client, url, **values):
    """Send a form with its key."""
    return client.post(url, data={"idempotency_key": new_key(), **values})


def test_owner_sees_tier_nearest_way_and_statements_are_few(client, project, query_count):
    install()
    owner = make_owner(project)
    qualify(owner, 16_800, evaluate.today())
    night(evaluate.today())
    sign_in(client, owner)
    client.get("/me/tier")
    with query_count() as sent:
        answer = client.get("/me/tier", headers={"Accept-Language": "en"})
    page = answer.get_data(as_text=True)
    assert "1 more verified home" in page
    assert "3,200 more qualifying points" in page
    assert page.index("3,200 more") < page.index("1 more verified")
    assert len(sent) <= MINE, "\n".join(sent.texts)


def test_owner_without_a_scheme_reads_that_there_is_none(client, project):
    sign_in(client, make_owner(project))
    assert client.get("/me/tier").status_code == 200
    assert client.get("/me/tier?scheme=nothing").status_code == 404


def test_home_shows_the_tier(client, project):
    install()
    owner = make_owner(project)
    night(evaluate.today())
    sign_in(client, owner)
    assert "tier-silver" in client.get("/p/binjiang/").get_data(as_text=True)


def test_a_tier_by_hand_needs_two_people_and_ends_on_its_day(client, project, query_count):
    install()
    owner = make_owner(project)
    night(evaluate.today())
    maker, approver = make_staff("manager", project), make_staff("manager", project)
    url = f"/p/binjiang/staff/members/{owner.public_id}/tier"
    until = evaluate.today() + timedelta(days=30)
    sign_in(client, maker)
    values = {"tier": "diamond", "reason": "多年志愿服务", "expires_on": until.isoformat()}
    assert post(client, url, **{**values, "reason": ""}).status_code == 422
    assert post(client, url, **{**values, "expires_on": "2001-01-01"}).status_code == 422
    assert post(client, url, **values).status_code == 303
    assert post(client, url, **values).status_code == 422
    assert "多年志愿服务" in client.get(url).text
    proposed = db.session.scalars(sa.select(Override)).one()
    decide = f"{url}/{proposed.public_id}"
    assert post(client, decide, decision="approve").status_code == 409
    assert state(owner).tier == "silver"
    sign_in(client, approver)
    assert post(client, decide, decision="approve").status_code == 303
    assert (state(owner).tier, state(owner).earned) == ("diamond", "silver")
    assert post(client, decide, decision="refuse").status_code == 409
    night(until)
    assert state(owner).tier == "diamond"
    night(until + timedelta(days=1))
    assert state(owner).tier == "silver"
    assert story(owner)[1:] == [("overridden", "diamond"), ("override_ended", "silver")]
    client.get(url)
    with query_count() as sent:
        assert "多年志愿服务" in client.get(url).text
    assert len(sent) <= STAFF, "\n".join(sent.texts)


def test_nobody_gives_a_tier_to_themselves(client, project):
    install()
    manager = make_staff("manager", project)
    member = make_member(account=manager)
    url = f"/p/binjiang/staff/members/{member.public_id}/tier"
    sign_in(client, manager)
    values = {"tier": "gold", "reason": "x", "expires_on": evaluate.today().isoformat()}
    assert post(client, url, **values).status_code in (404, 422)


def test_what_is_called_new_is_edited_like_the_rest(client, project):
    install()
    sign_in(client, make_staff("administrator"))
    post(client, f"{EDITOR}/draft")
    version = newest_of("club")
    body = deepcopy(version.body)
    benefit = {**body["tiers"][-1]["benefits"][0], "key": "new"}
    body["tiers"][-1] |= {"key": "new", "benefits": [benefit]}
    body["metrics"].append({**body["metrics"][0], "key": "new"})
    service.save_draft(actor=make_staff("centre"), version=version, form=body, revision=1)
    for part in ("tiers/new", "tiers/new/benefits/new", "figures/new"):
        assert 'value="new"' in client.get(f"{EDITOR}/draft/{part}").text, part


def test_a_draft_is_edited_previewed_proposed_and_published(client, project):
    install()
    owner = make_owner(project)
    night(evaluate.today())
    maker, approver = make_staff("administrator"), make_staff("administrator")
    sign_in(client, maker)
    assert client.get("/centre/tiers").status_code == 200
    assert post(client, f"{EDITOR}/draft").status_code == 303
    assert post(client, f"{EDITOR}/draft").status_code == 409
    for part in ("settings", "figures/units", "figures/-new", "tiers/gold", "tiers/-new",
                 "tiers/gold/benefits/birthday", "tiers/gold/benefits/-new"):  # fmt: skip
        assert client.get(f"{EDITOR}/draft/{part}").status_code == 200, part
    gold = {
        "key": "gold", "name_zh_Hans_CN": "金卡", "color": "gold", "icon": "crown",
        "reach_0_0_metric": "units", "reach_0_0_operator": "at_least", "reach_0_0_value": "1",
    }  # fmt: skip
    assert post(client, f"{EDITOR}/draft/tiers/gold", revision="9", **gold).status_code == 409
    assert post(client, f"{EDITOR}/draft/tiers/gold", revision="1", **gold).status_code == 303
    page = client.get(EDITOR, headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "must rise from one tier to the next" in page
    begin = evaluate.today().isoformat()
    assert post(client, f"{EDITOR}/propose", begins_on=begin).status_code == 422
    silver = {**gold, "key": "silver", "color": "silver", "reach_0_0_value": "x"}
    edit = f"{EDITOR}/draft/tiers/silver"
    assert post(client, edit, revision="2", **silver).status_code == 422
    silver["reach_0_0_metric"] = "points_12"
    assert post(client, edit, revision="2", **{**silver, "reach_0_0_value": "9"}).status_code == 303
    page = client.get(f"{EDITOR}/moves").get_data(as_text=True)
    assert owner.name in page
    assert client.get(f"{EDITOR}/moves.csv").status_code == 405
    with client.post(f"{EDITOR}/moves.csv") as file:
        assert file.status_code == 200
    wanted = sa.select(AuditEntry.facts).where(AuditEntry.action == "tiers.moves_exported")
    assert db.session.scalars(wanted).all() == [{"scheme": "club", "format": "csv"}]
    assert post(client, f"{EDITOR}/propose", begins_on="2001-01-01").status_code == 422
    assert post(client, f"{EDITOR}/propose", begins_on=begin).status_code == 303
    assert post(client, f"{EDITOR}/publish").status_code == 409
    sign_in(client, approver)
    assert post(client, f"{EDITOR}/publish").status_code == 303
    assert post(client, f"{EDITOR}/publish").status_code == 409
    assert client.get(f"{EDITOR}/draft/settings").status_code == 409
    night(evaluate.today())
    assert state(owner).tier == "gold"


def _deep(low, branches=4):
    """Return a nested condition of one way more than it has branches."""
    limits = [{"metric": "points", "at_least": low + step, "below": low + 50} for step in range(3)]
    either = [{"metric": "points", "at_least": low + step} for step in range(branches)]
    return {"any": [{"all": [*limits, {"any": either}]}, {"metric": "points", "at_least": low}]}


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("tiers/low", ""),
        ("tiers/high", ""),
        ("tiers/wide", "This condition is more than the form can show"),
        ("tiers/tied", "longest members first"),
        ("tiers/nested", ""),
        ("tiers/high/benefits/cake", "hushan"),
        ("figures/homes", ""),
        ("figures/points", ""),
        ("settings", ""),
    ],
)
def test_saving_what_was_opened_changes_nothing(client, project, part, words):
    cake = {
        "key": "cake", "kind": "gift", "title": {"zh_Hans_CN": "蛋糕"},
        "projects": {"binjiang": {"zh_Hans_CN": "滨江"}, "hushan": {"zh_Hans_CN": "湖山"}},
    }  # fmt: skip
    top = {"top": {"metric": "points", "basis_points": 500, "of": "high", "ties": "longest"}}
    both = {"all": [{"any": [{"metric": "points", "at_least": 9000}] * 2},
                    {"metric": "homes", "at_least": 1}]}  # fmt: skip
    metrics = [
        {"key": "points", "kind": "points", "window": {"kind": "rolling", "months": 12}},
        {"key": "homes", "kind": "units", "roles": ["owner"]},
    ]
    tiers = [
        tier("low", {"metric": "points", "at_least": 1500}),
        tier("high", _deep(2000), keep=_deep(1000), benefits=[cake]),
        tier("tied", top), tier("nested", both), tier("wide", _deep(2000, 12)),
    ]  # fmt: skip
    install()
    editor = make_staff("administrator")
    sign_in(client, editor)
    post(client, f"{EDITOR}/draft")
    draft = sa.select(SchemeVersion).where(SchemeVersion.state == "draft")
    rules = scheme_form(*tiers, metrics=metrics)
    version = db.session.scalars(draft).one()
    service.save_draft(actor=editor, version=version, form=rules, revision=version.revision)
    db.session.commit()
    db.session.refresh(version)
    before = version.body
    page = client.get(f"{EDITOR}/draft/{part}", headers={"Accept-Language": "en"})
    assert words in page.text
    Screens(client).send(f"{EDITOR}/draft/{part}")
    db.session.expire_all()
    assert db.session.scalars(draft).one().body == before


def test_more_lines_ways_and_projects_are_set_on_the_screen(client, project):
    """Whatever a file can say of conditions and projects, the forms say as well."""
    make_project(slug="hushan")
    install()
    sign_in(client, make_staff("administrator"))
    post(client, f"{EDITOR}/draft")
    screens, part = Screens(client), f"{EDITOR}/draft/tiers/gold"
    page = client.post(part, data={**screens.read(part), "more": "y"}, headers=EN).text
    assert "reach_3_0_metric" in page
    assert "reach_0_2_metric" in page
    lines = {
        f"reach_{way}_{row}_{name}": value
        for way in range(4)
        for row in range(4)
        for name, value in (("metric", "points_12"), ("operator", "at_least"), ("value", "30000"))
    }
    screens.send(part, **lines)
    db.session.expire_all()
    reach = newest_of("club").body["tiers"][2]["reach"]
    assert [len(way["all"]) for way in reach["any"]] == [4] * 4
    screens.send(part)
    there = f"{part}/benefits/guest_parking"
    page = client.post(there, data={**screens.read(there), "more": "y"}, headers=EN).text
    assert "there-2-project" in page
    twice = {**screens.read(there), "there-1-project": "binjiang", "there-1-text_en": "Twice"}
    assert client.post(there, data=twice).status_code == 422
    screens.send(there, **{"there-1-project": "hushan", "there-1-text_en": "No parking here"})
    db.session.expire_all()
    tier_ = newest_of("club").body["tiers"][2]
    assert tier_["reach"] == reach
    parking = next(each for each in tier_["benefits"] if each["key"] == "guest_parking")
    assert set(parking["projects"]) == {"binjiang", "hushan"}
    assert parking["projects"]["hushan"] == {"en": "No parking here"}


def test_a_scheme_is_renamed_and_another_becomes_the_clubs(client, project):
    install()
    install(key="green", is_club=False)
    sign_in(client, make_staff("administrator"))
    screens = Screens(client)
    screens.send("/centre/tiers/green/name", name_en="Green steps", is_club="y")
    assert "Green steps" in client.get("/centre/tiers", headers=EN).text
    clubs = sa.select(Scheme.key).where(Scheme.is_club)
    assert db.session.scalars(clubs).all() == ["green"]
    nothing = {f"name_{language}": "" for language in ("zh_Hans_CN", "zh_Hant", "en")}
    address = "/centre/tiers/green/name"
    typed = screens.read(address)
    assert client.post(address, data={**typed, **nothing}).status_code == 422
    assert client.post(address, data={**typed, "is_club": ""}).status_code == 422
    screens.send("/centre/tiers", key="blue_sky", name_en="Not in force")
    late = "/centre/tiers/blue_sky/name"
    assert client.post(late, data={**screens.read(late), "is_club": "y"}).status_code == 422
    assert db.session.scalars(clubs).all() == ["green"]
    noted = sa.select(AuditEntry).where(AuditEntry.action == "tiers.scheme_renamed")
    assert len(db.session.scalars(noted).all()) == 1


def test_what_is_published_is_never_changed(project):
    install()
    version = db.session.scalars(sa.select(SchemeVersion)).one()
    version.begins_on = date(2021, 1, 1)
    with pytest.raises(sa.exc.DatabaseError, match="append-only"):
        db.session.commit()
    db.session.rollback()


def test_only_who_may_edits_schemes(client, project):
    install()
    sign_in(client, make_staff("manager", project))
    assert client.get("/centre/tiers").status_code == 403
    assert post(client, f"{EDITOR}/publish").status_code == 403


def test_programs_read_tiers_and_propose_one(client, project):
    install()
    owner = make_owner(project)
    night(evaluate.today())
    headers = {"Authorization": f"Bearer {make_token(owner)}"}
    mine = client.get("/api/v1/me/tier", headers=headers).get_json()["items"][0]
    assert (mine["tier"]["key"], mine["next"]["key"], mine["is_kept"]) == ("silver", "gold", True)
    headers = {"Authorization": f"Bearer {make_token(make_staff('manager', project))}"}
    url = f"/api/v1/p/binjiang/staff/members/{owner.public_id}/tier"
    assert client.get(url, headers=headers).get_json()["items"] == [mine]
    wish = {"scheme": "club", "tier": "gold", "reason": "x", "expires_on": "2001-01-01"}
    headers["Idempotency-Key"] = new_key()
    assert client.post(url, json=wish, headers=headers).status_code == 422
    wish["expires_on"] = evaluate.today().isoformat()
    headers["Idempotency-Key"] = new_key()
    made = client.post(url, json=wish, headers=headers)
    assert (made.status_code, made.get_json()["state"]) == (201, "proposed")

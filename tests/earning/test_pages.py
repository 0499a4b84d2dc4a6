"""The pages: rules written by a form, published with a day, tried out; why, and why not."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.earning import drafting, publishing, queries
from portal.earning.models import Book, BookProposal, Decision
from portal.extensions import db
from tests.earning.helpers import TODAY, available, publish, rule, tell
from tests.factories import make_follower, make_member, make_project, make_staff, sign_in
from tests.screens import Screens

EN = {"Accept-Language": "en"}


@pytest.fixture
def centre(client: FlaskClient) -> FlaskClient:
    """The browser of somebody at the group centre."""
    return sign_in(client, make_staff("centre", display_name="郭敏"))


def words(client: FlaskClient, address: str, code: int = 200) -> str:
    """Return a page's words, in English."""
    answer = client.get(address, headers=EN)
    assert answer.status_code == code
    return text(answer)


def text(answer: Any) -> str:
    """Return an answer's words."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def form(**values: Any) -> dict[str, Any]:
    """Return a rule as the form sends it."""
    return {
        "key": "welcome",
        "title_zh": "入会礼",
        "title_en": "Welcome",
        "source": "member.joined",
        "effect": "earn",
        "kind": "fixed",
        "points": "100",
        "rounding": "floor",
        "to": ["redeemable"],
        "pending": "",
        **values,
    }


def write(client: FlaskClient, code: int = 303, rule: str = "", **values: Any) -> str:
    """Send the form of a rule: of a new one, or of one by its key."""
    address = f"rules/{rule}" if rule else "new-rule"
    answer = client.post(f"/centre/earning/draft/{address}", data=form(**values), headers=EN)
    assert answer.status_code == code, text(answer)
    return text(answer)


def post(client: FlaskClient, address: str, code: int = 303, **values: Any) -> str:
    """Send a form to an address under the rules."""
    answer = client.post(f"/centre/earning/{address}", data=values, headers=EN)
    assert answer.status_code == code, text(answer)
    return text(answer)


def put_in_force(client: FlaskClient, **values: Any) -> None:
    """Propose the draft from today on, and let a colleague publish it."""
    post(client, "draft/propose", begins_on=TODAY.isoformat(), **values)
    agree(client)


def agree(client: FlaskClient, code: int = 303, **values: Any) -> str:
    """Let a colleague publish what is proposed, as the page that they read says."""
    colleague = sign_in(client.application.test_client(), make_staff("centre", display_name="周岚"))
    page = colleague.get("/centre/earning/draft").text
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    values.setdefault("seen", seen[1] if seen else "")
    return post(colleague, "draft/publish", code, **values)


def test_rules_are_written_published_changed_and_kept_as_versions(centre: FlaskClient) -> None:
    assert "No rule counts yet" in words(centre, "/centre/earning")
    post(centre, "draft/start")
    assert "The draft is empty" in words(centre, "/centre/earning/draft")
    write(centre)
    assert "100 points" in words(centre, "/centre/earning/draft")
    put_in_force(centre, note="the first")
    member = make_member()
    tell(member)
    assert available(member) == 100_000
    shown = words(centre, "/centre/earning")
    assert "Version 1" in shown
    assert "×1" in shown
    post(centre, "draft/start")
    write(centre, rule="welcome", points="150")
    write(centre, key="second", source="unit.verified")
    assert "Before" in words(centre, "/centre/earning/draft")
    post(centre, "draft/rules/second/retire")
    put_in_force(centre)
    assert "Version 2" in words(centre, "/centre/earning/versions")
    newest = drafting.newest_published()
    shown = words(centre, f"/centre/earning/versions/{newest.public_id}")
    assert "What changed against version 1" in shown
    assert "agreed by 周岚" in shown


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong(centre: FlaskClient) -> None:
    post(centre, "draft/start")
    answer = centre.post(
        "/centre/earning/draft/new-rule",
        data=form(kind="bands", bands="0-100: 5\n200-: 9\nnonsense", key="Not A Key"),
        headers=EN,
    )
    assert answer.status_code == 422
    assert "nonsense" in answer.text
    assert "Small letters" in text(answer)
    assert "cannot be read: nonsense" in write(centre, 422, kind="bands", bands="nonsense")
    shown = write(centre, 422, kind="bands", bands="0-100: 5\n200-: 9", source="fee.paid")
    assert "Between the bands [0, 100) and [200, ∞) is a gap." in shown
    assert "check what you typed" in write(centre, 422, points="ten")
    assert "check what you typed" in write(centre, 422, points="0.0001")


def test_a_rule_called_new_is_changed_like_the_rest(centre: FlaskClient) -> None:
    post(centre, "draft/start")
    write(centre, key="new")
    write(centre, rule="new", key="new", points="7")
    assert "7 points" in words(centre, "/centre/earning/draft")


def test_a_condition_that_can_never_hold_names_the_two_that_clash(centre: FlaskClient) -> None:
    post(centre, "draft/start")
    shown = write(
        centre,
        422,
        **{
            "ways-0-conditions-0-field": "member.homes",
            "ways-0-conditions-0-op": "at_least",
            "ways-0-conditions-0-value": "3",
            "ways-0-conditions-1-field": "member.homes",
            "ways-0-conditions-1-op": "less_than",
            "ways-0-conditions-1-value": "2",
        },
    )
    assert "Homes of the household: at least 3; Homes of the household: less than 2" in shown


def test_the_form_shows_a_rule_as_it_was_written(centre: FlaskClient) -> None:
    post(centre, "draft/start")
    values = {
        "source": "fee.paid",
        "kind": "by_category",
        "rates": "management: 10 = 1\nother: 20 = 0.5",
        "tiers": "gold: 1.5",
        "campaigns": "2026-12-01..2026-12-31: 2",
        "to": ["redeemable", "qualifying"],
        "ways-0-conditions-0-field": "category",
        "ways-0-conditions-0-op": "in",
        "ways-0-conditions-0-negated": "y",
        "ways-0-conditions-0-value": "water, heating",
        "limits-0-times": "3",
        "limits-0-period": "month",
        "limits-0-per": "household",
        "budget_code": "autumn",
        "budget_points": "5000",
        "pending": "until",
        "pending_until": "contract.paid",
        "pending_same": "unit",
        "pending_percent": "30",
    }
    write(centre, **values)
    before = queries.find_rule(queries.draft_book(), "welcome").definition
    page = centre.get("/centre/earning/draft/rules/welcome", headers=EN).text
    for typed in ("management: 10 = 1", "gold: 1.5", "water, heating", "autumn", "5000"):
        assert typed in page
    told = words(centre, "/centre/earning/draft")
    for said in ("by tier: gold ×1.5", "×2 from ",
                 "budget autumn: 5000 points", "with: Payment towards a home (30 %)"):  # fmt: skip
        assert said in told
    write(centre, rule="welcome", **values)
    db.session.expire_all()
    assert queries.find_rule(queries.draft_book(), "welcome").definition == before


def test_ways_of_conditions_are_written_and_shown(centre: FlaskClient) -> None:
    """Any of these groups, all within a group; deeper data is shown in words and kept."""
    post(centre, "draft/start")
    values = {
        "ways-0-conditions-0-field": "member.homes",
        "ways-0-conditions-0-op": "at_least",
        "ways-0-conditions-0-value": "2",
        "ways-0-conditions-1-field": "member.tier",
        "ways-0-conditions-1-op": "is",
        "ways-0-conditions-1-value": "gold",
        "ways-1-conditions-0-field": "month",
        "ways-1-conditions-0-op": "is",
        "ways-1-conditions-0-value": "12",
    }
    write(centre, **values)
    when = {
        "any": [
            {
                "all": [
                    {"field": "member.homes", "op": "at_least", "value": "2"},
                    {"field": "member.tier", "op": "is", "value": "gold"},
                ]
            },
            {"field": "month", "op": "is", "value": "12"},
        ]
    }
    draft = queries.draft_book()
    assert queries.find_rule(draft, "welcome").definition["when"] == when
    shown = words(centre, "/centre/earning/draft")
    assert "(Homes of the household: at least 2; Tier: equals gold) or Month of the event" in shown
    page = centre.get("/centre/earning/draft/rules/welcome").text
    assert re.search(r'name="ways-1-conditions-0-value"[^>]* value="12"', page)
    assert 'name="ways-2-conditions-0-field"' in page
    deep = {"all": [{"field": "month", "op": "is", "value": "1"}, when]}
    made = {**queries.find_rule(draft, "welcome").definition, "when": deep}
    drafting.save_rule(actor=make_staff("centre"), draft=draft, definition=made,
                       old_key="welcome")  # fmt: skip
    page = centre.get("/centre/earning/draft/rules/welcome").text
    for way, value in (("0", "2"), ("1", "12")):
        at = rf'name="ways-{way}-conditions-1-value"[^>]* value="{value}"'
        assert re.search(at, page)
    screens = Screens(centre)
    screens.send("/centre/earning/draft/rules/welcome", points="3")
    db.session.expire_all()
    kept = queries.find_rule(draft, "welcome").definition
    assert (kept["when"], kept["amount"]["points"]) == (deep, "3")
    screens.send("/centre/earning/draft/rules/welcome", **{"ways-1-conditions-1-value": "11"})
    db.session.expire_all()
    changed = queries.find_rule(draft, "welcome").definition["when"]["any"]
    assert [part["value"] for part in changed[1]["all"]] == ["1", "11"]
    assert [part["value"] for part in changed[0]["all"]] == ["1", "2", "gold"]


def test_a_rule_gets_more_lines_and_keeps_what_is_too_much_for_the_form(
    centre: FlaskClient,
) -> None:
    post(centre, "draft/start")
    write(centre)
    screens, page = Screens(centre), "/centre/earning/draft/rules/welcome"
    shown = centre.post(page, data={**screens.read(page), "points": "7", "more": "y"})
    assert shown.status_code == 200
    for name in ("ways-2-conditions-0-field", "ways-0-conditions-3-field", "limits-3-times"):
        assert f'name="{name}"' in shown.text
    assert re.search(r'name="points"[^>]* value="7"', shown.text)
    draft = queries.draft_book()
    months = {"any": [{"field": "month", "op": "is", "value": str(n)} for n in range(1, 8)]}
    homes = {"any": [{"field": "member.homes", "op": "is", "value": str(n)} for n in (1, 2)]}
    made = {**queries.find_rule(draft, "welcome").definition, "when": {"all": [months, homes]}}
    drafting.save_rule(actor=None, draft=draft, definition=made, old_key="welcome")
    assert "more ways than the form can show" in words(centre, page)
    screens.send(page, points="3")
    db.session.expire_all()
    kept = queries.find_rule(draft, "welcome").definition
    assert (kept["when"], kept["amount"]["points"]) == (made["when"], "3")


def test_rules_are_published_by_a_second_person(centre: FlaskClient) -> None:
    agree(centre, 404)
    post(centre, "draft/start")
    write(centre)
    assert "Nobody proposes" in agree(centre, 409)
    post(centre, "draft/propose", begins_on=TODAY.isoformat(), note="autumn")
    shown = words(centre, "/centre/earning/draft")
    assert "Proposed by 郭敏" in shown
    assert "This is your own proposal" in shown
    seen = publishing.proposal_of(queries.draft_book()).created_at.isoformat()
    assert "a colleague publishes" in post(centre, "draft/publish", 409, seen=seen)
    assert "proposed anew" in agree(centre, 409, seen="2026-01-01")
    write(centre, rule="welcome", points="9999")
    assert "Nobody proposes" in agree(centre, 409, seen=seen)
    post(centre, "draft/propose", begins_on=TODAY.isoformat())
    post(centre, "draft/withdraw")
    post(centre, "draft/withdraw", 409)
    post(centre, "draft/propose", begins_on=TODAY.isoformat())
    agree(centre)
    agree(centre, 404)
    made = db.session.query(BookProposal).one()
    assert db.session.query(Book).one().approved_by_id == made.decided_by_id != made.made_by_id


def test_who_may_only_write_does_not_publish(client: FlaskClient) -> None:
    sign_in(client, make_staff("finance"))
    assert client.post("/centre/earning/draft/publish").status_code == 403


def test_the_past_is_corrected_by_who_wrote_none_of_it(centre: FlaskClient) -> None:
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    post(centre, "draft/start")
    write(centre)
    assert "today or later" in post(centre, "draft/propose", 422, begins_on=yesterday)
    values = {"begins_on": yesterday, "correction": "y"}
    assert "Say why" in post(centre, "draft/propose", 422, **values)
    other = sign_in(centre.application.test_client(), make_staff("centre"))
    post(other, "draft/propose", **values, note="late")
    assert "You wrote in this draft" in words(centre, "/centre/earning/draft")
    seen = publishing.proposal_of(queries.draft_book()).created_at.isoformat()
    assert "by a colleague" in post(centre, "draft/publish", 409, seen=seen)
    agree(centre)
    assert db.session.query(Book).one().is_correction


def test_rules_are_found_and_given_as_files(centre: FlaskClient, query_count: Any) -> None:
    project = make_project()
    here = {"field": "project", "op": "is", "value": project.slug}
    names = {"zh_Hans_CN": "入会礼", "en": "Welcome gift"}
    publish(
        {**rule("welcome"), "title": names},
        rule("here", "unit.verified", when=here),
        rule("elsewhere", "unit.verified", when={"not": here}),
    )
    tell(make_member())
    for asked, keys in (
        ("q=GIFT", ["welcome"]),
        ("source=unit.verified", ["here", "elsewhere"]),
        ("state=given", ["welcome"]),
        ("state=idle", ["here", "elsewhere"]),
        (f"project={project.slug}", ["welcome", "here"]),
        ("state=odd&project=", ["welcome", "here", "elsewhere"]),
    ):
        page = centre.get(f"/centre/earning?{asked}", headers=EN).text
        shown = [key for key in ("welcome", "here", "elsewhere") if f'mono">{key}<' in page]
        assert shown == keys, asked
    with query_count() as sent:
        assert "No rule fits" in words(centre, "/centre/earning?q=nothing")
    assert len(sent) <= 8
    with centre.get("/centre/earning/rules.csv?source=unit.verified", headers=EN) as file:
        assert len(file.text.splitlines()) == 3
    with centre.get("/centre/earning/rules.xlsx") as file:
        assert file.status_code == 200
    words(centre, "/centre/earning/rules.pdf", 404)


def test_many_rules_come_in_pages_and_the_drafts_are_found_too(
    centre: FlaskClient, query_count: Any
) -> None:
    publish(*(rule(f"r{number:02}") for number in range(25)))
    post(centre, "draft/start")
    version = f"/centre/earning/versions/{drafting.newest_published().public_id}"
    for address in ("/centre/earning", "/centre/earning/draft", version):
        first = centre.get(address, headers=EN).text
        assert 'mono">r19<' in first
        assert 'mono">r20<' not in first
        following = re.search(r'href="([^"]*cursor=[^"]*)"', first)[1].replace("&amp;", "&")
        with query_count() as sent:
            assert 'mono">r24<' in centre.get(following, headers=EN).text
        assert len(sent) <= 8, "\n".join(sent.texts)
        only = centre.get(f"{address}?q=r07", headers=EN).text
        assert 'mono">r07<' in only
        assert "1 of 25 rules" in only


def test_a_dry_run_tells_and_leaves_nothing(centre: FlaskClient) -> None:
    member = make_member()
    publish(rule(when={"field": "member.homes", "op": "at_least", "value": 1}))
    post(centre, "draft/start")
    write(centre, rule="welcome", points="5")
    values = {"card": member.card_number, "source": "member.joined", "on": TODAY.isoformat()}
    shown = post(centre, "try", 200, **values, **{"with": "published"})
    assert "Needed: Homes of the household: at least 1" in shown
    assert "A rule" not in post(centre, "try", 200, **values, **{"with": "draft"})
    assert "Welcome Points 5" in post(centre, "try", 200, **values, **{"with": "draft"})
    assert "No member has this card" in post(centre, "try", 422, **{**values, "card": "1"})
    assert db.session.query(Decision).count() == 0
    assert available(member) == 0


def test_the_owner_reads_why_and_why_not(client: FlaskClient, query_count: Any) -> None:
    member = make_member()
    limits = [{"per": "member", "period": "day", "times": 1}]
    publish(rule("signin", "member.signed_in", points="0.5", limits=limits))
    sign_in(client, member)
    assert "Nothing here yet" in words(client, "/me/points/why")
    for _ in range(3):
        tell(member, "member.signed_in")
    with query_count() as sent:
        shown = words(client, "/me/points/why")
    assert len(sent) <= 8
    assert "Given by this rule. +0.5" in shown
    assert "at most 1 a day for each member" in shown
    assert "It counts anew from" in shown
    assert "Given by this rule" not in words(client, "/me/points/why?show=refused")
    zh = client.get("/me/points/why", headers={"Accept-Language": "zh-CN"})
    assert zh.status_code == 200


def test_staff_of_the_project_read_it_too(client: FlaskClient) -> None:
    project = make_project()
    member, stranger = make_follower(project), make_member()
    publish(rule())
    tell(member)
    sign_in(client, make_staff("staff", project))
    page = f"/p/{project.slug}/staff/members/{{}}/points/why"
    assert "Given by this rule" in words(client, page.format(member.public_id))
    words(client, page.format(stranger.public_id), 404)
    overview = f"/p/{project.slug}/staff/members/{member.public_id}"
    assert "Why, and why not" in words(client, overview)


@pytest.mark.parametrize("address", ["", "/versions", "/draft", "/try", "/draft/new-rule"])
def test_only_who_may_sees_the_rules(client: FlaskClient, address: str) -> None:
    sign_in(client, make_staff("staff", make_project()))
    assert client.get(f"/centre/earning{address}").status_code == 403


def test_who_may_only_see_cannot_write(client: FlaskClient) -> None:
    publish(rule())
    sign_in(client, make_staff("finance"))
    assert "Change the rules" not in words(client, "/centre/earning")
    assert client.post("/centre/earning/draft/start").status_code == 403


def test_acts_on_a_draft_that_is_gone_are_refused(centre: FlaskClient) -> None:
    post(centre, "draft/propose", 404, begins_on=TODAY.isoformat())
    post(centre, "draft/discard", 404)
    post(centre, "draft/start")
    post(centre, "draft/start")
    post(centre, "draft/propose", 422, begins_on=TODAY.isoformat())
    post(centre, "draft/rules/none/retire", 404)
    post(centre, "draft/discard")
    words(centre, "/centre/earning/versions/nothing", 404)

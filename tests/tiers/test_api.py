"""Schemes and tiers by hand for programs: what the pages do, by the same services."""

from datetime import timedelta

import pytest

from portal.idempotency.keys import new_key
from portal.tiers import evaluate, standard
from tests.factories import make_owner, make_project, make_staff, make_token
from tests.tiers.helpers import form, install, night, state, tier

SCHEMES = "/api/v1/centre/tiers"


@pytest.fixture
def call(client):
    """Call the API as somebody; return the status and the body."""

    def ask(who, method, url, body=None):
        headers = {"Authorization": f"Bearer {tokens.setdefault(who.id, make_token(who))}"}
        headers["Idempotency-Key"] = new_key()
        answer = client.open(url, method=method, json=body, headers=headers)
        return answer.status_code, answer.get_json(silent=True)

    tokens = {}
    return ask


def test_a_scheme_is_drafted_as_json_and_published_by_a_second_person(call):
    maker, other = make_staff("administrator"), make_staff("administrator")
    new = {"key": "club", "name": {"en": "Ours"}, "is_club": True, "terms": standard.FORM}
    assert call(maker, "POST", SCHEMES, {**new, "key": "-new"})[0] == 422
    assert call(maker, "POST", SCHEMES, {**new, "name": {}})[0] == 422
    status, made = call(maker, "POST", SCHEMES, new)
    assert (status, made["state"], made["faults"]) == (201, "draft", [])
    assert call(maker, "POST", SCHEMES, new)[1]["type"].endswith(":key_taken")
    at, terms = f"{SCHEMES}/club", form(tier("a"), tier("b", {"metric": "points", "at_least": 9}))
    refused = call(maker, "POST", f"{at}/draft", {"terms": {"tiers": [{"key": "X"}]}})
    assert {"terms.metrics", "terms.tiers.0.key"} <= refused[1]["errors"].keys()
    assert call(maker, "POST", f"{at}/draft", {"terms": terms})[0] == 409
    saved = {"terms": terms, "revision": made["revision"]}
    assert call(maker, "POST", f"{at}/draft", saved)[1]["revision"] == made["revision"] + 1
    assert call(maker, "POST", f"{at}/draft", saved)[0] == 409
    assert call(maker, "POST", f"{at}/propose", {"begins_on": "2001-01-01"})[0] == 422
    begin = {"begins_on": evaluate.today().isoformat()}
    assert call(maker, "POST", f"{at}/propose", begin)[1]["state"] == "proposed"
    assert call(maker, "POST", f"{at}/publish")[1]["type"].endswith(":own_proposal")
    assert call(other, "POST", f"{at}/publish")[1]["state"] == "published"
    assert [each["key"] for each in call(other, "GET", SCHEMES)[1]["items"]] == ["club"]
    read = call(maker, "GET", at)[1]
    assert call(maker, "POST", f"{at}/draft", {"terms": read["terms"]})[1]["version"] == 2
    assert call(maker, "POST", f"{at}/discard")[0] == 204
    assert call(maker, "GET", f"{SCHEMES}/nothing")[0] == 404
    assert call(make_staff("manager", make_project()), "GET", SCHEMES)[0] == 403


def test_a_tier_by_hand_is_listed_and_decided_by_a_second_person(call):
    install()
    project = make_project()
    owner = make_owner(project)
    night(evaluate.today())
    maker, other = make_staff("manager", project), make_staff("manager", project)
    at = f"/api/v1/p/binjiang/staff/members/{owner.public_id}/tier"
    until = (evaluate.today() + timedelta(days=9)).isoformat()
    wish = {"scheme": "club", "tier": "gold", "reason": "志愿服务", "expires_on": until}
    made = call(maker, "POST", at, wish)[1]
    assert call(other, "GET", f"{at}/overrides")[1]["items"] == [made]
    decide, agreed = f"{at}/overrides/{made['id']}/decision", {"decision": "approve"}
    assert call(maker, "POST", decide, agreed)[1]["type"].endswith(":own_proposal")
    assert call(other, "POST", decide, agreed)[1]["state"] == "approved"
    assert state(owner).tier == "gold"
    assert call(other, "POST", decide, agreed)[1]["state"] == "approved"
    assert call(other, "POST", decide, {"decision": "end"})[1]["state"] == "ended"
    assert state(owner).tier == "silver"

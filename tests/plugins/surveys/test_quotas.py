"""Quotas of a draft: set, changed, taken out, and not changed by anybody afterwards."""

import pytest

from plugins.surveys.models import Quota
from plugins.surveys.quotas import service
from plugins.surveys.states import State
from plugins.surveys.waves.service import next_wave
from portal.extensions import db
from tests import factories
from tests.factories import add
from tests.plugins.surveys.waves import make_wave


@pytest.fixture
def draft(place):
    return make_wave(place.project.id, state=State.DRAFT)


def quotas_of(wave):
    return [(each.field, each.value, each.most, each.taken) for each in service.listed(wave)]


def test_a_quota_is_set_changed_and_taken_out(place, draft, client):
    clerk = factories.sign_in(client, place.clerk)
    page = f"/p/{place.project.slug}/staff/surveys/{draft.public_id}/quotas"
    assert "没有配额" in clerk.get(page).text

    def send(**typed):
        db.session.refresh(draft)
        return clerk.post(page, data={"version": draft.version, **typed}).status_code

    for most in ("20", "30"):
        assert send(stratum="stage:senior", most=most) == 303
    assert quotas_of(draft) == [("stage", "senior", 30, 0)]
    for bad in ({"stratum": "stage:never", "most": "3"}, {"stratum": "colour:red", "most": "3"}):
        assert send(**bad) == 422
    for most in ("0", "-1", "1.5", "五", "9999999", ""):
        assert send(stratum="stage:senior", most=most) == 422
    assert send(stratum="stage:senior", most="9", version=draft.version + 5) == 409
    assert send(do="drop", stratum="colour:red") == 400
    assert send(do="drop", stratum="stage:senior") == 303
    assert quotas_of(draft) == []


def test_an_open_wave_keeps_its_quotas(place, client):
    wave = make_wave(place.project.id, members=[place.member])
    add(Quota(wave_id=wave.id, project_id=wave.project_id, field="stage", value="senior", most=2))
    db.session.commit()
    clerk = factories.sign_in(client, place.clerk)
    page = f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/quotas"
    data = {"version": wave.version, "stratum": "stage:senior", "most": "9"}
    assert clerk.post(page, data=data).status_code == 409
    assert clerk.post(page, data={**data, "do": "drop"}).status_code == 409
    assert quotas_of(wave) == [("stage", "senior", 2, 0)]
    # The next wave begins with the same.
    assert quotas_of(next_wave(actor=place.clerk, wave=wave)) == [("stage", "senior", 2, 0)]

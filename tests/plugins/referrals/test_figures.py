"""The funnel and the share of referrals by month, beside all contracts."""

from datetime import timedelta

from plugins.referrals import share_widget
from plugins.referrals.figures import months, whole
from portal.contracts.models import Contract
from portal.sdk import contracts_by_month
from tests import factories
from tests.plugins.referrals.test_rewards import cancel, sell, today

PAGE = "/p/binjiang/staff/referrals/figures"


def contract(place, number: str, state: str = "signed") -> None:
    on = today()
    unit = factories.make_unit(place.project, number=number)
    factories.add(
        Contract(
            project_id=place.project.id, unit_id=unit.id, number=f"HT-{number}", state=state,
            price=1, signed_on=on, cancelled_on=on if state == "cancelled" else None,
        )
    )  # fmt: skip


def test_the_share_counts_what_stays_signed(app, place, make_lead):
    for number, state in (("901", "signed"), ("902", "signed"), ("903", "cancelled")):
        contract(place, number, state)
    assert contracts_by_month(place.ref, since=today()) == {f"{today():%Y-%m}": 2}
    assert contracts_by_month(place.ref, since=today() + timedelta(days=1)) == {}
    first, second = make_lead(), make_lead()
    for lead in (first, second):
        sell(place, lead, "subscribed", "signed")
    cancel(place, second)
    found = months(place.ref, today())
    assert len(found) == 12
    month, total = found[-1], whole(found)
    assert (month.key, month.reached["visited"], month.reached["signed"]) == (
        f"{today():%Y-%m}", 2, 2,
    )  # fmt: skip
    assert (month.referred, month.contracts, month.share, total.share) == (1, 2, 50.0, 50.0)
    manager = factories.sign_in(app.test_client(), place.manager)
    page = manager.get(PAGE).text
    assert "50.0%" in page
    assert 'role="status"' not in page
    verifier = factories.sign_in(app.test_client(), place.verifier)
    assert verifier.get(PAGE).status_code == 403
    with manager.post(f"{PAGE}.csv") as sent:
        assert f"{today():%Y-%m},2,2,2,2,0,1,2,50.0" in sent.data.decode("utf-8-sig")


def test_a_share_below_the_mark_stands_on_the_desk(app, place, monkeypatch):
    contract(place, "904")
    manager = factories.sign_in(app.test_client(), place.manager)
    at, english = "/p/binjiang/staff/", {"Accept-Language": "en"}
    assert "Share of referrals, percent" not in manager.get(at, headers=english).text
    monkeypatch.setattr(share_widget, "plugin_settings", lambda *_: {"least_share": 40})
    page = manager.get(at, headers=english).text
    assert "Share of referrals, percent" in page
    assert "below the set share" in page

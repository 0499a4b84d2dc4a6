"""What the pages ask the database: eight statements, and where it is more, why."""

import pytest

from plugins.rewards.states import Kind, Way
from portal.extensions import db
from portal.sdk.testing.statements import counted
from tests import factories
from tests.plugins.rewards.samples import add_sample
from tests.plugins.rewards.test_ordering import confirm, reserve

HOUSE = 8
MORE = {
    # The house asks five times on each of these pages, and has no statement for two of its facts.
    "rewards/": 9,  # the points, the tier; the catalogue, what is under way
    "rewards/benefits": 9,  # the tier, the ladder; what is promised, what is declined
    "staff/rewards/members/{rewards.member}/benefits": 10,  # the member, the homes, tier, ladder
}
OWNERS = (
    "", "{item}", "orders/", "orders/{order}", "orders/{asked}", "vouchers/{rewards.voucher}",
    "card", "benefits", "partners", "partners/{rewards.partner}",
)  # fmt: skip
STAFF = (
    "", "{item}", "{item}/edit", "new", "orders?state=all", "orders", "orders/{order}",
    "desk?code={code}", "vouchers", "card", "fees", "{rewards.fee}/fee", "{rewards.item}/vouchers",
    "benefits", "benefits/rules", "members/{rewards.member}/benefits",
    "partners", "partners/{rewards.partner}", "partners/{rewards.partner}/edit",
)  # fmt: skip


class Names(dict):
    """Ids by their names: a name may have a dot."""

    def fill(self, address):
        for name, value in self.items():
            address = address.replace(f"{{{name}}}", value)
        return address


@pytest.fixture
def names(place, make_item):
    """A member of everything, an order that is placed and one that is to be confirmed."""
    made = Names(add_sample(place.project, place.member))
    item = make_item(member_most=3, household_most=5)
    order = confirm(place, reserve(place, item))
    asked = reserve(place, make_item(kind=Kind.SERVICE, way=Way.DELIVER))
    made |= {"item": item.public_id, "order": order.public_id, "asked": asked.public_id}
    made["code"] = order.code
    db.session.commit()
    return made


@pytest.mark.parametrize("whose", ["rewards/", "staff/rewards/"])
def test_pages_ask_eight_times(app, place, names, whose):
    who = place.member if whose == "rewards/" else place.clerk
    reader = factories.sign_in(app.test_client(), who)
    sent = {}
    for page in OWNERS if whose == "rewards/" else STAFF:
        address = f"/p/binjiang/{whose}{names.fill(page)}"
        reader.get(address)
        with counted() as asked:
            assert reader.get(address).status_code == 200, address
        if len(asked) > HOUSE:
            sent[whose + page] = len(asked)
    assert sent == {page: many for page, many in MORE.items() if page.startswith(whose)}

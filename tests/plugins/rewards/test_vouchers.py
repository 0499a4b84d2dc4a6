"""Vouchers: a code is worth what it is worth, once, to whoever may take it."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from plugins.rewards import handling
from plugins.rewards.models import Order, Voucher, VoucherUse, WrongCode
from plugins.rewards.states import Kind, State, Way
from plugins.rewards.vouchers import service
from plugins.rewards.vouchers.rules import Typed, is_fresh, is_genuine, shown_code
from plugins.rewards.vouchers.using import fen
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.sdk import points_balance
from tests import factories
from tests.plugins.rewards.test_ordering import confirm, counts, refused, reserve

DESK = "/p/binjiang/staff/rewards/vouchers"
AT = datetime(2026, 7, 1, 12, 0, 30, tzinfo=UTC)


@pytest.fixture
def clerk(app, place):
    return factories.sign_in(app.test_client(), place.clerk)


@pytest.fixture
def frozen(monkeypatch):
    """Let the time stand still: thirty tries lie in one minute."""
    at = clock.now()
    monkeypatch.setattr(clock, "source", lambda: at)


@pytest.fixture
def give(place, make_item):
    """Let the owner redeem a voucher; return it."""

    def make(worth=10_000, days=30, **values):
        item = make_item(kind=Kind.VOUCHER, way=Way.DELIVER, **values)
        service.set_terms(actor=place.clerk, project=place.ref, item=item, worth=worth, days=days)
        order = confirm(place, reserve(place, item))
        db.session.commit()
        return db.session.scalars(sa.select(Voucher).where(Voucher.order_id == order.id)).one()

    return make


def use(voucher, amount, seen=None, clerk=None):
    return service.use(
        actor=clerk, voucher=voucher, seen=voucher.left_over if seen is None else seen,
        amount=amount, at=clock.now(),
    )  # fmt: skip


def code_of(answer):
    return answer.status_code, answer.text.partition('data-code="')[2].partition('"')[0]


def test_a_voucher_is_given_at_once_and_its_points_are_taken(app, place, give):
    voucher = give()
    order = db.session.get_one(Order, voucher.order_id)
    assert (order.state, order.captured, voucher.left_over) == (State.DELIVERED, 100_000, 10_000)
    assert points_balance(place.owner).available == 900_000


def test_half_a_voucher_is_used_and_never_more_than_it_is_worth(app, place, give):
    voucher = give()
    assert use(voucher, 5_000) == 5_000
    db.session.commit()
    assert refused(use, voucher, 5_001).code == "TOO_MUCH"
    # A page that is older than the last use takes nothing.
    assert refused(use, voucher, 5_000, seen=10_000).code == "VOUCHER_CHANGED"
    for bad in (0, -1, None):
        assert refused(use, voucher, bad).code == "BAD_AMOUNT"
    assert use(voucher, 5_000) == 0
    db.session.commit()
    assert db.session.scalar(sa.select(sa.func.sum(VoucherUse.amount))) == 10_000
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.update(Voucher).values(left_over=-1))
    db.session.rollback()
    with pytest.raises(sa.exc.DBAPIError):
        db.session.execute(sa.delete(VoucherUse))


def test_each_bad_code_has_a_code_of_its_own(app, place, give, clerk):
    good, used, over, back = give(), give(worth=None), give(), give()
    use(used, None)
    yesterday = clock.now() - timedelta(days=1)
    over.valid_until = yesterday
    order = db.session.get_one(Order, back.order_id)
    handling.take_back(actor=place.clerk, order=order, reason="退", at=clock.now())
    other = factories.make_project(slug="siji")
    elsewhere = give(project_id=None)
    elsewhere.project_id = other.id
    db.session.commit()
    proof = shown_code(good, clock.now())
    codes = {
        "VOUCHER_USED": used.code,
        "VOUCHER_EXPIRED": over.code,
        "VOUCHER_VOID": back.code,
        "VOUCHER_FOREIGN": elsewhere.code,
        "VOUCHER_FORGED": proof[:-1] + ("A" if proof[-1] != "A" else "B"),
        "VOUCHER_STALE": shown_code(good, clock.now() - timedelta(minutes=5)),
    }
    for code, text in codes.items():
        assert code_of(clerk.post(DESK, data={"act": "check", "code": text}))[1] == code, code
    for text in (proof, good.code, f"http://x/?code={proof}"):
        assert clerk.post(DESK, data={"act": "check", "code": text}).status_code == 200


def test_the_desk_takes_an_amount_off(app, place, give, clerk):
    voucher = give()
    data = {"act": "use", "code": voucher.code, "seen": "10000", "amount": "12.50"}
    assert "12.50" in clerk.post(DESK, data=data).text
    assert code_of(clerk.post(DESK, data=data)) == (409, "VOUCHER_CHANGED")
    db.session.expire_all()
    assert db.session.scalars(sa.select(Voucher.left_over)).one() == 8_750


def test_thirty_wrong_codes_a_minute_are_enough(app, place, give, clerk, frozen):
    voucher = give()
    for _ in range(service.WRONG_MOST):
        clerk.post(DESK, data={"act": "check", "code": "WRONGWRONG22"})
    answer = clerk.post(DESK, data={"act": "check", "code": voucher.code})
    assert code_of(answer) == (429, "TOO_MANY_TRIES")
    flags = sa.select(sa.func.count(AuditEntry.id)).where(
        AuditEntry.action == "rewards.codes_guessed"
    )
    assert db.session.scalar(flags) == 1
    assert db.session.scalars(sa.select(WrongCode.wrong)).one() == service.WRONG_MOST


def test_a_list_of_codes_is_stock(app, place, make_item, clerk):
    item = make_item(kind=Kind.VOUCHER, way=Way.DELIVER, stock=0)
    url = f"/p/binjiang/staff/rewards/{item.public_id}/vouchers"
    assert clerk.post(url, data={"act": "codes", "codes": "AB 12\n!!"}).status_code == 422
    lines = {"act": "codes", "codes": "abcd-1234\nEFGH5678\n\nABCD1234"}
    for _ in range(2):
        assert clerk.post(url, data=lines).status_code == 303
    assert counts(item) == (2, 0, 0)
    order = confirm(place, reserve(place, item))
    db.session.commit()
    given = db.session.scalars(sa.select(Voucher).where(Voucher.order_id == order.id)).one()
    assert given.code in ("ABCD1234", "EFGH5678")
    free = db.session.scalars(sa.select(Voucher.code).where(Voucher.order_id.is_(None))).one()
    assert code_of(clerk.post(DESK, data={"act": "check", "code": free}))[1] == "VOUCHER_FORGED"
    # A code that was seen is not given out again.
    handling.take_back(actor=place.clerk, order=order, reason="退", at=clock.now())
    db.session.commit()
    assert counts(item) == (1, 0, 0)


def test_what_was_used_does_not_come_back(app, place, give):
    voucher = give()
    use(voucher, 1)
    db.session.commit()
    order = db.session.get_one(Order, voucher.order_id)
    act = {"actor": place.clerk, "order": order, "reason": "退", "at": clock.now()}
    assert refused(handling.take_back, **act).code == "VOUCHER_USED"
    assert points_balance(place.owner).available == 900_000


def test_a_partner_uses_vouchers_of_one_item_by_a_link(app, place, give, clerk):
    voucher, other = give(worth=None), give(worth=None)
    item = db.session.get_one(Order, voucher.order_id).item_id
    from plugins.rewards.models import Item

    public_id = db.session.get_one(Item, item).public_id
    url = f"/p/binjiang/staff/rewards/{public_id}/vouchers"
    page = clerk.post(url, data={"act": "link"}).text
    link = page.partition("/t/rewards/")[2].partition("<")[0]
    phone = app.test_client()
    assert phone.get(f"/t/rewards/{link}").status_code == 200
    data = {"act": "use", "code": voucher.code, "seen": "1"}
    at = f"/t/rewards/{link}/use"
    assert code_of(phone.post(at, data={**data, "code": other.code})) == (403, "VOUCHER_FOREIGN")
    assert "现在已使用" in phone.post(at, data=data).text
    assert code_of(phone.post(at, data=data)) == (409, "VOUCHER_USED")
    clerk.post(url, data={"act": "link"})
    assert phone.get(f"/t/rewards/{link}").status_code != 200


def test_the_owner_sees_a_qr_that_changes(app, client, place, give):
    voucher = give()
    owner = factories.sign_in(client, place.member)
    answer = owner.get(f"/p/binjiang/rewards/vouchers/{voucher.public_id}")
    assert (answer.status_code, answer.headers["Refresh"]) == (200, "45")
    neighbour = factories.sign_in(app.test_client(), factories.make_owner(place.project))
    found = neighbour.get(f"/p/binjiang/rewards/vouchers/{voucher.public_id}")
    assert found.status_code == 404


def test_a_proof_is_of_its_minute_and_its_voucher():
    voucher = Voucher(code="ABCD2345", secret="s")
    typed = Typed.read(f"https://x/?code={shown_code(voucher, AT)}")
    assert is_genuine(voucher, typed)
    assert is_fresh(typed, AT + timedelta(seconds=60))
    assert not is_fresh(typed, AT + timedelta(seconds=120))
    assert not is_fresh(typed, AT - timedelta(seconds=60))
    assert not is_genuine(Voucher(code="ABCD2345", secret="t"), typed)


@pytest.mark.parametrize("text", ["", "short", "x" * 25, "ABCD2345.x.y", "ABCD 23!5", "٣٣٣٣٣٣٣"])
def test_what_is_no_code(text):
    assert Typed.read(text) is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [("12", 1200), ("12.5", 1250), ("0.05", 5), ("-1", None), ("1.234", None), ("", None)],
)
def test_yuan_are_read_as_fen(text, amount):
    assert fen(text) == amount


def test_a_file_of_codes_is_looked_at_and_imported(app, place, make_item, clerk):
    item = make_item(kind=Kind.VOUCHER, way=Way.DELIVER, stock=0)
    url = f"/p/binjiang/staff/rewards/{item.public_id}/vouchers"
    clerk.post(url, data={"act": "codes", "codes": "EFGH5678"})
    data = "序号,券码\n1,abcd-1234\n2,EFGH5678\n3,ABCD1234\n".encode()
    looked = clerk.post(url, data={"act": "look", "file": (BytesIO(data), "codes.csv")}).text
    for said in ("新码 1", "已在库中 1", "名单内重复 1"):
        assert said in looked
    assert "abcd-1234\nEFGH5678" in looked
    assert counts(item) == (1, 0, 0)
    assert clerk.post(url, data={"act": "codes", "file": (BytesIO(data), "codes.csv")}).location
    assert counts(item) == (2, 0, 0)
    bad = clerk.post(url, data={"act": "codes", "file": (BytesIO(b"PK\x03\x04?"), "x.xlsx")})
    assert (bad.status_code, counts(item)) == (422, (2, 0, 0))

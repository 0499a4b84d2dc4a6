"""A member's vouchers for programs: the list, the code with the text of its QR, the uses."""

from enum import StrEnum
from typing import Any

from flask import url_for
from werkzeug.exceptions import NotFound

from plugins.rewards.vouchers import queries
from plugins.rewards.vouchers.models import Voucher
from plugins.rewards.vouchers.rules import shown_code, shown_until
from portal.sdk import (
    ApiBlueprint,
    ApiOutput,
    api_fields,
    api_page,
    api_page_schema,
    current_member,
    current_project,
    localized,
    member_only,
    now,
    our_address,
)

_FEN = {"description": "Fen; 1 of 1 for a voucher that is used as a whole."}
_MOST = 10**12
_QR = {"description": "The text of the QR, good until `qr_until`; null: it cannot be used."}

api = ApiBlueprint(
    "rewards_vouchers_api", __name__, url_prefix="/api/v1/p/<project>/rewards/vouchers",
    title="Vouchers",
)  # fmt: skip


class Standing(StrEnum):
    """What a voucher is good for now."""

    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    VOID = "void"


class VoucherListed(ApiOutput):
    """A voucher and what is left of it."""

    id = api_fields.Text(22)
    title = api_fields.Text()
    state = api_fields.Choice(Standing)
    in_parts = api_fields.Flag()
    worth = api_fields.Whole(1, _MOST, metadata=_FEN)
    left = api_fields.Whole(0, _MOST, metadata=_FEN)
    valid_until = api_fields.Moment()


class UseShown(ApiOutput):
    """What was taken off a voucher, and what was left then."""

    amount = api_fields.Whole(1, _MOST, metadata=_FEN)
    left = api_fields.Whole(0, _MOST, metadata=_FEN)
    used_at = api_fields.Moment()


class VoucherShown(VoucherListed):
    """A voucher with its code, and the QR of this minute."""

    code = api_fields.Text(24)
    qr = api_fields.Text(300, allow_none=True, metadata=_QR)
    qr_until = api_fields.Moment(allow_none=True)
    uses = api_fields.list_of(UseShown)


@api.call("GET", "", api_page_schema(VoucherListed), paged=True)
@member_only
def my_vouchers() -> Any:
    """List the member's vouchers here, those valid longest first."""
    return api_page(queries.page_of_own(current_project(), current_member()), _listed)


@api.call("GET", "/<public_id>", VoucherShown)
@member_only
def my_voucher(public_id: str) -> dict[str, Any]:
    """Show a voucher with its code, its QR of this minute, and what was taken off it."""
    found = queries.own_voucher(current_project(), current_member(), public_id)
    if found is None:
        raise NotFound
    at = now()
    good = found.is_good(at)
    address = our_address(url_for("rewards_staff.vouchers", code=shown_code(found, at)))
    return {
        **_listed(found),
        "code": found.code,
        "qr": address if good else None,
        "qr_until": shown_until(at) if good else None,
        "uses": [
            {"amount": each.amount, "left": each.left_over, "used_at": each.created_at}
            for each in queries.uses_of(found)
        ],
    }


def _listed(voucher: Voucher) -> dict[str, Any]:
    return {
        "id": voucher.public_id,
        "title": localized(voucher.item.title),
        "state": _standing(voucher),
        "in_parts": voucher.in_parts,
        "worth": voucher.worth,
        "left": voucher.left_over,
        "valid_until": voucher.valid_until,
    }


def _standing(voucher: Voucher) -> Standing:
    if voucher.voided_at is not None:
        return Standing.VOID
    if not voucher.left_over:
        return Standing.USED
    return Standing.GOOD if voucher.is_good(now()) else Standing.EXPIRED

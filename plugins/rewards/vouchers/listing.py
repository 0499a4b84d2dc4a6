"""A partner's list of codes: reading it, and what would become of each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from plugins.rewards.errors import RewardError
from plugins.rewards.vouchers.models import Voucher
from portal.sdk import TableError, db, read_table

MOST = 5000
NEW, KNOWN, TWICE, BAD = "new", "known", "twice", "bad"
_COLUMNS = {"code": ("券码", "券碼", "卡券码", "卡密", "兑换码", "兌換碼", "编号", "voucher")}
_LISTED = re.compile(r"[0-9A-Z]{6,24}")
_AT_ONCE = 500


@dataclass(frozen=True)
class Listed:
    """A code of a list; `result`: new, known (it is kept already), twice (in this list), bad."""

    place: int
    code: str
    result: str


def read_codes(data: bytes) -> list[str]:
    """Return the codes of a CSV or XLSX, or of lines. Raises RewardError BAD_TABLE."""
    try:
        table = read_table(data, columns=_COLUMNS, most=MOST)
    except TableError as error:
        raise RewardError("BAD_TABLE", said=error.sentence) from error
    return [each.cells["code"] for each in table]


def look_over(lines: Iterable[str]) -> list[Listed]:
    """Say of every code what becomes of it, in their order: a statement for each 500."""
    codes = [re.sub(r"[\s-]", "", line).upper() for line in lines if line.strip()]
    known, seen = _known(codes), set[str]()
    told = []
    for place, code in enumerate(codes, 1):
        result = KNOWN if code in known else TWICE if code in seen else NEW
        seen.add(code)
        told.append(Listed(place, code[:24], result if _LISTED.fullmatch(code) else BAD))
    return told


def _known(codes: list[str]) -> set[str]:
    every = [code for code in dict.fromkeys(codes) if _LISTED.fullmatch(code)]
    known: set[str] = set()
    for at in range(0, len(every), _AT_ONCE):
        some = sa.select(Voucher.code).where(Voucher.code.in_(every[at : at + _AT_ONCE]))
        known |= set(db.session.scalars(some))
    return known

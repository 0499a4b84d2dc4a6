"""Cells of contracts, payments and fees as offices write them: yuan, percent, states, periods."""

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from portal.contracts.entries import MAX_NUMBER
from portal.contracts.models import MOST_FEN, ContractState, FeeCategory
from portal.roster.cells import CellError, read_date
from portal.roster.rows import RowChecker

_MONEY = re.compile(
    r"(?:¥|￥|rmb|cny)?(-)?([0-9]{1,16}|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]+))?(万)?(?:元|yuan)?"
)
_PERCENT = re.compile(r"(-?)([0-9]{1,6})(?:\.([0-9]+))?%?")
_PERIOD = re.compile(
    r"([0-9]{4})(?:年|[-/.])?(?:(0?[1-9]|1[0-2])月?|(?:q|第)([1-4])(?:季度?)?|([一二三四])季度)?"
)
_MONTH_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-01")
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}
_STATES: dict[str, ContractState] = {
    **dict.fromkeys(("草稿", "认购", "已认购", "未签约", "待签约", "認購", "draft"),
                    ContractState.DRAFT),
    **dict.fromkeys(("签约", "已签约", "已签", "簽約", "已簽約", "有效", "signed"),
                    ContractState.SIGNED),
    **dict.fromkeys(("已交付", "已交房", "交付", "已收房", "handed_over", "handedover"),
                    ContractState.HANDED_OVER),
    **dict.fromkeys(("已退房", "退房", "解约", "已解约", "作废", "取消", "换房", "已换房",
                     "cancelled", "canceled"), ContractState.CANCELLED),
}  # fmt: skip
_CATEGORIES: dict[str, FeeCategory] = {
    **dict.fromkeys(("", "物业费", "物业管理费", "物業費", "物業管理費", "management"),
                    FeeCategory.MANAGEMENT),
    **dict.fromkeys(("停车费", "车位费", "车位管理费", "停車費", "parking"), FeeCategory.PARKING),
    **dict.fromkeys(("水费", "水費", "water"), FeeCategory.WATER),
    **dict.fromkeys(("采暖费", "供暖费", "取暖费", "暖氣費", "heating"), FeeCategory.HEATING),
    **dict.fromkeys(("其他", "其它", "other"), FeeCategory.OTHER),
}  # fmt: skip


def contract_number(text: str, _checker: RowChecker | None = None) -> str:
    """Return a contract's number in the one form that is compared. Raises CellError."""
    plain = number_of(text)
    if not plain:
        raise CellError("missing_contract")
    return plain


def other_contract(text: str, _checker: RowChecker) -> str | None:
    """Return the number of the contract that takes the place of this one, if any."""
    return number_of(text) or None


def number_of(text: str) -> str:
    """Return a number without spaces, folded and in capitals. Raises CellError("too_long")."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if len(plain) > MAX_NUMBER:
        raise CellError("too_long")
    return plain


@lru_cache(maxsize=10_000)
def fen_of(text: str) -> int:
    """Return an amount in yuan ("2,680,000.00", "268万", "¥429") as fen. Raises CellError."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).lower()
    found = _MONEY.fullmatch(plain)
    if not plain:
        raise CellError("missing_amount")
    if found is None:
        raise CellError("bad_amount")
    sign, whole, part, ten_thousands = found.groups()
    yuan = Decimal(f"{whole.replace(',', '')}.{part or 0}") * (10_000 if ten_thousands else 1)
    fen = yuan * 100
    if fen != fen.to_integral_value():
        raise CellError("bad_amount")
    if sign or not fen:
        raise CellError("negative_amount")
    if fen > MOST_FEN:
        raise CellError("amount_too_large")
    return int(fen)


def money(text: str, _checker: RowChecker) -> int:
    """Return an amount in fen."""
    return fen_of(text)


def percent(text: str, _checker: RowChecker) -> int:
    """Return a percent: "30", "30%", or 0.3, which is what a workbook keeps for 30 %.

    A bare 1 is a workbook's 100 %. Raises CellError.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if not plain:
        raise CellError("missing_percent")
    found = _PERCENT.fullmatch(plain)
    if found is None:
        raise CellError("bad_percent")
    value = Decimal(f"{found[2]}.{found[3] or 0}")
    if value <= 1 and not plain.endswith("%"):
        value *= 100
    if found[1] or not 0 < value <= 100:
        raise CellError("percent_range")
    if value != value.to_integral_value():
        raise CellError("bad_percent")
    return int(value)


def state(text: str, _checker: RowChecker) -> ContractState | None:
    """Return a contract's state; None when the dates shall say it. Raises CellError."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).lower()
    if plain and plain not in _STATES:
        raise CellError("unknown_state")
    return _STATES.get(plain)


def category(text: str, _checker: RowChecker) -> FeeCategory:
    """Return the kind of a fee; an empty cell is the management fee. Raises CellError."""
    found = _CATEGORIES.get("".join(unicodedata.normalize("NFKC", text).split()).lower())
    if found is None:
        raise CellError("unknown_category")
    return found


def day(text: str, checker: RowChecker) -> date | None:
    """Return a date, None for an empty cell. Raises CellError."""
    return read_date(text, checker.today)


def needed_day(text: str, checker: RowChecker) -> date:
    """Return a date. Raises CellError, "missing_date" for an empty cell."""
    found = read_date(text, checker.today)
    if found is None:
        raise CellError("missing_date")
    return found


@lru_cache(maxsize=1000)
def period_of(text: str) -> str:
    """Return the one form of a period: 2026-10, 2026-Q4 or 2026. Raises CellError.

    Read are also 2026年10月, 202610, 2026年第4季度, and the first of a month, which is what a
    workbook keeps for a month.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split()).lower()
    if not plain:
        raise CellError("missing_period")
    if first := _MONTH_DAY.fullmatch(plain):
        plain = f"{first[1]}-{first[2]}"
    found = _PERIOD.fullmatch(plain)
    if found is None or not 1980 <= int(found[1]) <= 2100:
        raise CellError("bad_period")
    year, month, quarter, han = found.groups()
    if month:
        return f"{year}-{int(month):02d}"
    number = quarter or _QUARTERS.get(han or "")
    return f"{year}-Q{number}" if number else year


def period(text: str, _checker: RowChecker) -> str:
    """Return the one form of a period."""
    return period_of(text)


def end_of(text: str) -> date:
    """Return the last day of a period in its one form."""
    year = int(text[:4])
    month = int(text[6]) * 3 if "Q" in text else int(text[5:] or 12)
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)

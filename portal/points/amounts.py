"""Milli-points as people write and read them; no float comes near a balance."""

from decimal import Decimal, DecimalException

from flask_babel import format_currency, format_decimal

MILLI = 1000
_FORMAT = "#,##0.###"
_LARGEST = 10**18


def format_points(amount: int) -> str:
    """Return milli-points as points: 12680000 -> 12,680 and 500 -> 0.5."""
    return str(format_decimal(Decimal(amount) / MILLI, format=_FORMAT))


def format_change(amount: int) -> str:
    """Return a change of points with its sign: +60, −640."""
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return sign + format_points(abs(amount))


def format_fen(fen: int) -> str:
    """Return an amount of fen as yuan."""
    return str(format_currency(Decimal(fen) / 100, "CNY"))


def plain_points(milli: int) -> str:
    """Return milli-points as they may be typed or reckoned with: 10000000 -> 10000, 500 -> 0.5."""
    whole, rest = divmod(abs(milli), MILLI)
    return ("-" if milli < 0 else "") + f"{whole}.{rest:03}".rstrip("0").rstrip(".")


def read_points(text: str) -> int | None:
    """Return what was typed, as milli-points; None when it is no number of whole milli-points."""
    return read_number(text, MILLI)


def read_number(text: str, scale: int) -> int | None:
    """Return a typed number in its `scale`-th parts, at most 10¹⁸; None when it is none."""
    try:
        number = Decimal(text.strip().replace(",", "").replace("，", "")) * scale
    except DecimalException:
        return None
    if not number.is_finite() or abs(number) > _LARGEST or number != number.to_integral_value():
        return None
    return int(number)

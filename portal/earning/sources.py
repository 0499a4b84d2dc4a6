"""What rules may act on: core's events and those that plugins declare, with their fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from portal.earning.fields import AMOUNT, CATEGORY, COMMON, PERCENT, Field
from portal.i18n import Text, lazy

_EXTENSION = "portal.point_sources"


@dataclass(frozen=True)
class PointSource:
    """A kind of fact that rules may act on: `<plugin>.<what_happened>` for plugins.

    `fields`: what conditions and formulas may read of it besides what every fact has. `plugin`:
    who declares it, None is core. `about`: in one sentence, when it happens.
    """

    key: str
    title: Text
    about: Text
    fields: tuple[Field, ...] = ()
    icon: str = "award"
    tone: str = "green"
    plugin: str | None = None

    def readable(self) -> Mapping[str, Field]:
        """Return every field that a rule on this source may read."""
        return {field.key: field for field in (*self.fields, *COMMON)}


_AREA = Field("area", lazy("Floor area"), AMOUNT.kind, lazy("square metres"), 0, whole=False)
_MONTHS = Field("month_number", lazy("Which month of membership"), AMOUNT.kind, "", 1)
CORE: dict[str, PointSource] = {
    source.key: source
    for source in (
        PointSource(
            "member.joined",
            lazy("Joined the club"),
            lazy("Somebody becomes a member."),
            icon="gift",
            tone="gold",
        ),
        PointSource(
            "profile.completed",
            lazy("Profile completed"),
            lazy("A member has given form of address and birth month, for the first time."),
            icon="user",
            tone="blue",
        ),
        PointSource(
            "unit.verified",
            lazy("Home verified"),
            lazy("A member is verified in a home: owner, co-owner, spouse or tenant."),
            (
                Field(
                    "role",
                    lazy("Role in this home"),
                    CATEGORY.kind,
                    choices=("owner", "co_owner", "spouse", "tenant"),
                ),
                _AREA,
            ),
            "home-2",
        ),
        PointSource(
            "contract.signed",
            lazy("Purchase contract signed"),
            lazy("A verified buyer's contract is signed; the amount is its price."),
            (AMOUNT,),
            "receipt",
        ),
        PointSource(
            "contract.paid",
            lazy("Payment towards a home"),
            lazy("Payments reach a percent of the price; the amount is the payment's."),
            (AMOUNT, PERCENT),
            "receipt",
        ),
        PointSource(
            "contract.handed_over",
            lazy("Home handed over"),
            lazy("A home is handed over to its buyer."),
            (AMOUNT,),
            "key",
        ),
        PointSource(
            "tenure.month",
            lazy("A month of membership"),
            lazy("A month more since the member joined."),
            (_MONTHS,),
            "calendar-event",
            "blue",
        ),
        PointSource(
            "fee.paid",
            lazy("Fee paid"),
            lazy("The owner of a home pays a fee; the category is what it is for."),
            (
                AMOUNT,
                Field(
                    "category",
                    lazy("Category"),
                    CATEGORY.kind,
                    choices=("management", "parking", "water", "heating", "other"),
                ),
                Field("days_late", lazy("Days after the fee fell due"), AMOUNT.kind),
            ),
            "receipt",
            "brand",
        ),
        PointSource(
            "member.signed_in",
            lazy("Signed in to the portal"),
            lazy("A member's first sign-in of the day."),
            icon="login",
            tone="blue",
        ),
        PointSource(
            "member.birthday",
            lazy("Birthday present"),
            lazy("Once a year, in the month of birth."),
            icon="cake",
            tone="rose",
        ),
        PointSource(
            "spend.recorded",
            lazy("Spent at a partner"),
            lazy(
                "A member spends at a partner; the category is what for, people how many were "
                "there."
            ),
            (
                AMOUNT,
                CATEGORY,
                Field("people", lazy("How many people"), AMOUNT.kind, least=1),
            ),
            "shopping-bag",
            "brand",
        ),
        PointSource(
            "manual.award",
            lazy("Recorded by club staff"),
            lazy("Staff record by hand that a member did something, by its category."),
            (CATEGORY,),
            "pencil",
            "violet",
        ),
    )
}


def declare_in(app: Flask, source: PointSource) -> None:
    """Let rules of this application act on a plugin's source. Raises ValueError when it is
    declared already."""
    known = app.extensions.setdefault(_EXTENSION, {})
    if source.key in known or source.key in CORE:
        raise ValueError(f"the source {source.key!r} is declared twice")
    known[source.key] = source


def known_sources() -> Mapping[str, PointSource]:
    """Return every source that rules may act on, core's first."""
    return {**CORE, **current_app.extensions.get(_EXTENSION, {})}

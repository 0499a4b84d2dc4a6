"""Tax on cash, by a dated table, and one net line for each payee of a payout."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Batch, PayeeLine, Reward, TaxClass, TaxRate
from plugins.referrals.tax_bands import tax_of
from portal.sdk import ProjectRef, db, record


def write_rate(
    *,
    actor: Any,
    project: ProjectRef,
    tax_class: TaxClass,
    rate: int,
    starts_on: date,
    free: int = 0,
    free_rate: int = 0,
    bands: Sequence[Sequence[int]] = (),
) -> TaxRate:
    """Add what is withheld from a day on: rates in hundredths of a percent, the rest as `tax_of`
    takes it. Raises ReferralError: RATE_THERE."""
    made = TaxRate(
        project_id=project.id, tax_class=tax_class, rate=rate, starts_on=starts_on, free=free,
        free_rate=free_rate, bands=[list(band) for band in bands],
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError as error:
        raise ReferralError("RATE_THERE") from error
    record(
        actor=actor,
        action="referrals.tax_written",
        subject=("project", project.slug),
        project_id=project.id,
        facts={
            "class": str(tax_class),
            "rate": rate,
            "from": starts_on.isoformat(),
            "free": free,
            "free_rate": free_rate,
            "bands": [list(band) for band in bands],
        },
    )
    return made


def rate_on(project_id: int, on: date) -> TaxRate | None:
    """Return the tax that holds on a day; none before the first."""
    return db.session.scalar(
        sa.select(TaxRate)
        .where(TaxRate.project_id == project_id, TaxRate.starts_on <= on)
        .order_by(TaxRate.starts_on.desc())
        .limit(1)
    )


def rates(project_id: int) -> Sequence[TaxRate]:
    """Return a project's rates, the latest first."""
    return db.session.scalars(
        sa.select(TaxRate)
        .where(TaxRate.project_id == project_id)
        .order_by(TaxRate.starts_on.desc())
        .limit(50)
    ).all()


def payee_of(reward: Reward) -> tuple[int, int | None]:
    """Return who gets a reward: the owner, or the friend of a lead."""
    return reward.referrer_id, None if reward.beneficiary == "owner" else reward.lead_id


def write_lines(*, batch: Batch, rows: Sequence[Reward], on: date) -> None:
    """Write one line for each payee of a payout: the sum, the tax of the day, the rest."""
    sums: dict[tuple[int, int | None], int] = defaultdict(int)
    for row in rows:
        sums[payee_of(row)] += row.amount
    law = rate_on(batch.project_id, on)
    tax_class = law.tax_class if law else TaxClass.NONE
    terms: dict[str, Any] = {"rate": 0}
    if law:
        terms = {name: getattr(law, name) for name in ("rate", "free", "free_rate", "bands")}
    for (referrer_id, lead_id), gross in sums.items():
        found = tax_of(gross, **terms)
        db.session.add(
            PayeeLine(
                project_id=batch.project_id, batch_id=batch.id, referrer_id=referrer_id,
                lead_id=lead_id, gross=gross, tax=found.tax, net=gross - found.tax,
                tax_class=tax_class, rate=found.rate, taxable=found.taxable,
            )
        )  # fmt: skip
    db.session.flush()

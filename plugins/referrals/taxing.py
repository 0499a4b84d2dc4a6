"""Tax on cash, by a dated table, and one net line for each payee of a payout."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Batch, PayeeLine, Reward, TaxClass, TaxRate
from portal.sdk import ProjectRef, db, record


def write_rate(
    *, actor: Any, project: ProjectRef, tax_class: TaxClass, rate: int, starts_on: date
) -> TaxRate:
    """Add what is withheld from a day on, in hundredths of a percent. Raises ReferralError:
    RATE_THERE."""
    made = TaxRate(project_id=project.id, tax_class=tax_class, rate=rate, starts_on=starts_on)
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
        facts={"class": str(tax_class), "rate": rate, "from": starts_on.isoformat()},
    )
    return made


def rate_on(project_id: int, on: date) -> tuple[str, int]:
    """Return the class and the rate that hold on a day; none before the first."""
    found = db.session.scalar(
        sa.select(TaxRate)
        .where(TaxRate.project_id == project_id, TaxRate.starts_on <= on)
        .order_by(TaxRate.starts_on.desc())
        .limit(1)
    )
    return (found.tax_class, found.rate) if found else (TaxClass.NONE, 0)


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
    """Write one line for each payee of a payout: the sum, the tax of the day, the rest.

    The tax is rounded to the nearest fen, halves upwards.
    """
    sums: dict[tuple[int, int | None], int] = defaultdict(int)
    for row in rows:
        sums[payee_of(row)] += row.amount
    tax_class, rate = rate_on(batch.project_id, on)
    for (referrer_id, lead_id), gross in sums.items():
        tax = (gross * rate + 5000) // 10000
        db.session.add(
            PayeeLine(
                project_id=batch.project_id, batch_id=batch.id, referrer_id=referrer_id,
                lead_id=lead_id, gross=gross, tax=tax, net=gross - tax, tax_class=tax_class,
                rate=rate,
            )
        )  # fmt: skip
    db.session.flush()

"""What plugins may know of a project's sales: numbers by month, no contract and no name."""

from datetime import date

import sqlalchemy as sa

from portal.contracts.models import Contract, ContractState
from portal.extensions import db
from portal.plugin_host.refs import ProjectRef


def contracts_by_month(project: ProjectRef, *, since: date) -> dict[str, int]:
    """Return how many purchase contracts were signed in each month ("2026-04"), from a day on;
    drafts and cancelled ones do not count. One statement."""
    year, month = (sa.extract(part, Contract.signed_on) for part in ("year", "month"))
    rows = db.session.execute(
        sa.select(year, month, sa.func.count())
        .where(
            Contract.project_id == project.id,
            Contract.signed_on >= since,
            Contract.state.in_((ContractState.SIGNED, ContractState.HANDED_OVER)),
        )
        .group_by(year, month)
    )
    return {f"{int(row[0])}-{int(row[1]):02d}": row[2] for row in rows}

"""What the staff of a project see and may correct of a member's points, which are club-wide.

They see the lines of their project and of the whole club, and take back their project's own.
Whoever holds the right for the club sees and corrects every line.
"""

import sqlalchemy as sa
from werkzeug.exceptions import Forbidden, NotFound

from portal.extensions import db
from portal.members.models import Member
from portal.permissions.current import current_rights
from portal.points.accounts import HOLDER_COLUMNS
from portal.points.kinds import HolderKind, Kind
from portal.points.models import PointsAccount, Transaction
from portal.points.statement import seen_in
from portal.projects.current import current_project

REVERSIBLE = frozenset({Kind.EARN, Kind.AWARD, Kind.SPEND, Kind.CAPTURE, Kind.DEDUCT, Kind.FORFEIT})


def seen_project() -> int | None:
    """Return the project whose lines alone the reader sees, beside the club's; None: all lines."""
    return None if current_rights().allows("points.view", None) else current_project().id


def may_take_back(row: Transaction) -> bool:
    """Tell whether the reader may take a line back that they see."""
    rights, project_id = current_rights(), current_project().id
    if row.kind not in REVERSIBLE:
        return False
    if rights.allows("points.adjust", None):
        return True
    return row.project_id == project_id and rights.allows("points.adjust", project_id)


def line_to_take_back(member: Member, public_id: str) -> int:
    """Return the id of a member's line that the reader may take back.

    Raises 404 for lines that the reader does not see, 403 for the club's own. A kind that cannot be
    taken back is told by `reverse`.
    """
    origin = sa.orm.aliased(Transaction)
    statement = (
        sa.select(Transaction)
        .join(PointsAccount, PointsAccount.id == Transaction.account_id)
        .outerjoin(origin, origin.id == Transaction.reverses_id)
        .where(
            Transaction.public_id == public_id,
            HOLDER_COLUMNS[HolderKind.MEMBER] == member.id,
        )
    )
    project_id = seen_project()
    if project_id is not None:
        statement = statement.where(seen_in(project_id, Transaction, origin))
    row = db.session.scalar(statement)
    if row is None:
        raise NotFound
    if row.kind in REVERSIBLE and not may_take_back(row):
        raise Forbidden
    return row.id

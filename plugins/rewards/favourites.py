"""What members mark, to find it again."""

import sqlalchemy as sa

from plugins.rewards.models import Favourite, Item
from portal.sdk import MemberRef, ProjectRef, db


def toggle(*, item: Item, member: MemberRef, project: ProjectRef) -> bool:
    """Mark an item, or unmark one that is marked; return whether it is now."""
    key = {"member_id": member.id, "item_id": item.id}
    gone = db.session.execute(sa.delete(Favourite).filter_by(**key))
    if getattr(gone, "rowcount", 0):
        return False
    savepoint = db.session.begin_nested()
    try:
        db.session.add(Favourite(**key, project_id=project.id))
        db.session.flush()
    except sa.exc.IntegrityError:
        # Marked on another phone meanwhile: it is what was wanted.
        savepoint.rollback()
        return True
    savepoint.commit()
    return True

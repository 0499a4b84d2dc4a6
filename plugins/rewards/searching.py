"""What the portal's search finds of the catalogue."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from plugins.rewards.models import Item
from plugins.rewards.states import Shown
from portal.sdk import (
    Findable,
    Hit,
    ProjectRef,
    db,
    drop_document,
    index_document,
    localized,
    may,
)

KIND = "rewards.item"
_WHO = ("project", "permission:rewards.manage")


def put_into_search(item: Item, project: ProjectRef | None) -> None:
    """Let members of its project find an offered item; the club's are found in the catalogue."""
    if project is None:
        return
    index_document(
        kind=KIND,
        key=item.public_id,
        title=dict(item.title),
        body=dict(item.about),
        url=_url(project, item.public_id),
        audiences=list(_WHO),
        project=project,
    )


def take_out_of_search(item: Item) -> None:
    """Let nobody find it any more."""
    drop_document(kind=KIND, key=item.public_id)


def all_documents(project: ProjectRef) -> Iterator[Findable]:
    """Return everything of a project for a rebuilt index, 200 at a time."""
    after = 0
    while True:
        mine = sa.select(Item).where(
            Item.project_id == project.id, Item.state == Shown.SHOWN, Item.id > after
        )
        some = db.session.scalars(mine.order_by(Item.id).limit(200)).all()
        if not some:
            return
        after = some[-1].id
        for each in some:
            url = _url(project, each.public_id)
            yield Findable(
                KIND, each.public_id, dict(each.title), url, list(_WHO), dict(each.about)
            )


def describe(project: ProjectRef, keys: Sequence[str]) -> list[Hit]:
    """Return how found items are shown now; staff are led to their own page."""
    mine = sa.select(Item).where(Item.project_id == project.id, Item.public_id.in_(keys))
    staff = may("rewards.manage")
    return [
        Hit(
            each.public_id,
            localized(each.title),
            localized(each.hint) if each.hint else "",
            "gift",
            f"/p/{project.slug}/staff/rewards/{each.public_id}"
            if staff
            else _url(project, each.public_id),
        )
        for each in db.session.scalars(mine)
    ]


def _url(project: ProjectRef, public_id: str) -> str:
    return f"/p/{project.slug}/rewards/{public_id}"

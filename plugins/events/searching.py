"""What the portal's search finds of activities."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from plugins.events.models import Event, Occurrence
from plugins.events.states import COMING, State
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

KIND = "events.activity"
_SHOWN = (*COMING, State.ENDED, State.SETTLED)


def put_into_search(occurrence: Occurrence, project: ProjectRef) -> None:
    """Let members of the project find a published activity."""
    index_document(
        kind=KIND,
        key=occurrence.public_id,
        title=dict(occurrence.event.title),
        body=_body(occurrence.event),
        url=_url(project, occurrence.public_id),
        audiences=["project", "permission:events.manage"],
        project=project,
    )


def take_out_of_search(occurrence: Occurrence) -> None:
    """Let nobody find it any more."""
    drop_document(kind=KIND, key=occurrence.public_id)


def all_documents(project: ProjectRef) -> Iterator[Findable]:
    """Return everything of a project for a rebuilt index, 200 at a time."""
    after = 0
    while True:
        mine = sa.select(Occurrence).where(
            Occurrence.project_id == project.id,
            Occurrence.state.in_(_SHOWN),
            Occurrence.id > after,
        )
        some = db.session.scalars(mine.order_by(Occurrence.id).limit(200)).all()
        if not some:
            return
        after = some[-1].id
        for each in some:
            yield Findable(
                KIND,
                each.public_id,
                dict(each.event.title),
                _url(project, each.public_id),
                ["project", "permission:events.manage"],
                _body(each.event),
            )


def describe(project: ProjectRef, keys: Sequence[str]) -> list[Hit]:
    """Return how found activities are shown now; staff are led to their own page."""
    mine = sa.select(Occurrence).where(
        Occurrence.project_id == project.id, Occurrence.public_id.in_(keys)
    )
    return [_hit(project, each) for each in db.session.scalars(mine)]


def _hit(project: ProjectRef, occurrence: Occurrence) -> Hit:
    from plugins.events.showing import when

    hint = f"{when(occurrence)} · {localized(occurrence.event.place)}"
    url = _url(project, occurrence.public_id)
    if may("events.manage"):
        url = f"/p/{project.slug}/staff/events/{occurrence.public_id}"
    title = localized(occurrence.event.title)
    return Hit(occurrence.public_id, title, hint, "calendar-event", url)


def _body(event: Event) -> dict[str, str]:
    return {
        language: f"{text}\n{event.place.get(language, '')}"
        for language, text in event.about.items()
    }


def _url(project: ProjectRef, public_id: str) -> str:
    return f"/p/{project.slug}/events/{public_id}"

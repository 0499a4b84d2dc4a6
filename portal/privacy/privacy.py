"""What the portal itself keeps of requests, and the tables that lead to people in no other way."""

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import lazy
from portal.idempotency.models import IdempotencyKey
from portal.members.models import Member
from portal.personal_data import Coverage, ExportPart, RetentionRule, rows_rule
from portal.privacy.models import (
    OPEN_STATES,
    PrivacyEvent,
    PrivacyRequest,
    RequestReason,
    RequestState,
)
from portal.privacy.service import drop_export, move

_PLACE_WHY = "a place or a thing of the club, no person"
TABLES = {
    "privacy_request": Coverage(
        erased=False, why="that the member asked, and when it was done; ids and dates"
    ),
    "privacy_event": Coverage(
        erased=False, why="append-only; ids and codes stay, notes are blanked"
    ),
    "idempotency_key": Coverage(exported=False, why="a keyed digest of a form that was sent"),
    "club": Coverage(exported=False, erased=False, why=_PLACE_WHY),
}


def export_member_data(member: Member) -> list[ExportPart]:
    """Return the member's own requests."""
    columns = {
        "kind": lazy("Request"),
        "state": lazy("State"),
        "asked": lazy("Asked"),
        "due": lazy("Due"),
        "finished": lazy("Finished"),
    }
    rows = db.session.scalars(
        sa.select(PrivacyRequest)
        .where(PrivacyRequest.member_id == member.id)
        .order_by(PrivacyRequest.created_at)
    ).all()
    events = db.session.scalars(
        sa.select(PrivacyEvent)
        .where(PrivacyEvent.request_id.in_([row.id for row in rows]))
        .order_by(PrivacyEvent.created_at, PrivacyEvent.id)
    )
    kinds = {row.id: row.kind for row in rows}
    return [
        ExportPart(
            "requests",
            lazy("Requests about your data"),
            columns,
            [
                {
                    "kind": row.kind,
                    "state": row.state,
                    "asked": row.created_at,
                    "due": row.due_at,
                    "finished": row.finished_at,
                }
                for row in rows
            ],
            words={"kind": "privacy_kind", "state": "privacy_state"},
        ),
        ExportPart(
            "request_steps",
            lazy("Steps of these requests"),
            {
                "kind": lazy("Request"),
                "state": lazy("State"),
                "reason": lazy("Reason"),
                "note": lazy("Remark"),
                "at": lazy("Time"),
            },
            [
                {
                    "kind": kinds[event.request_id],
                    "state": event.to_state,
                    "reason": event.reason,
                    "note": event.note,
                    "at": event.created_at,
                }
                for event in events
            ],
            words={
                "kind": "privacy_kind",
                "state": "privacy_state",
                "reason": "privacy_reason",
            },
        ),
    ]


def erase_member_data(member: Member) -> None:
    """Destroy exports, blank notes, and forget the forms that the account sent."""
    requests = db.session.scalars(
        sa.select(PrivacyRequest).where(PrivacyRequest.member_id == member.id)
    ).all()
    for request in requests:
        if request.state == RequestState.READY:
            drop_export(request=request, reason=RequestReason.MEMBER_ERASED)
        elif request.state in OPEN_STATES:
            move(
                request=request,
                to=RequestState.CANCELLED,
                actor=None,
                reason=RequestReason.MEMBER_ERASED,
            )
    db.session.execute(
        sa.update(PrivacyEvent)
        .where(
            PrivacyEvent.request_id.in_([request.id for request in requests]),
            PrivacyEvent.note != "",
        )
        .values(note="")
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.delete(IdempotencyKey).where(IdempotencyKey.account_id == member.account_id)
    )


def retention_rules() -> list[RetentionRule]:
    """Return how long the keys of sent forms are kept."""
    return [
        rows_rule(
            "form_keys", lazy("Keys of forms that were sent"), 30, 2,
            IdempotencyKey, lambda before: IdempotencyKey.created_at < before,
        )
    ]  # fmt: skip

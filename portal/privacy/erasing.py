"""Carrying an erasure out: all of it in one transaction, or nothing."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from flask_babel import force_locale

from portal import clock
from portal.audit.service import record
from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import gettext
from portal.members.models import Member
from portal.privacy.errors import ErasureHeldError, RequestStateError
from portal.privacy.models import (
    PrivacyRequest,
    RequestKind,
    RequestReason,
    RequestState,
)
from portal.privacy.service import move
from portal.slots import Slots, ask_installed, fill, slots

FIRST_RETRY = timedelta(hours=1)
LONGEST_RETRY = timedelta(days=1)
DUE_STATES = (RequestState.WAITING, RequestState.HELD)


def due_erasures(limit: int = 50) -> Sequence[int]:
    """Return the ids of the erasures whose time has come, the oldest first."""
    return db.session.scalars(
        sa.select(PrivacyRequest.id)
        .where(
            PrivacyRequest.kind == RequestKind.ERASURE,
            PrivacyRequest.state.in_(DUE_STATES),
            PrivacyRequest.due_at <= clock.now(),
        )
        .order_by(PrivacyRequest.due_at)
        .limit(limit)
    ).all()


def carry_out(request_id: int) -> bool:
    """Erase the member of a request that is due; False when it was cancelled or stands held.

    What stands in the way is kept with the request, which is tried again after an hour, then two,
    and so on up to a day.
    """
    request = db.session.get_one(PrivacyRequest, request_id)
    member = db.session.get_one(Member, request.member_id)
    try:
        with db.session.begin_nested(), force_locale(current_club().default_language):
            # First, so that who cancels at this moment waits, and then finds it done.
            move(
                request=request,
                to=RequestState.DONE,
                actor=None,
                reason=RequestReason.TIME_OVER,
                sources=DUE_STATES,
                finished_at=clock.now(),
                obstacles=[],
            )
            _erase(request, member)
    except RequestStateError:
        return False
    except ErasureHeldError as error:
        _hold(request, error.obstacles)
        return False
    return True


def obstacles_to(member: Member) -> list[str]:
    """Return what stands in the way of erasing a member, by features and plugins."""
    found: list[str] = fill("check_member_removal", member)
    for answer in ask_installed("check_member_removal", member=member):
        if answer.fault is None:
            found += answer.value
        else:
            found.append(_not_asked(answer.plugin))
    return found


def _erase(request: PrivacyRequest, member: Member) -> None:
    obstacles = obstacles_to(member)
    if obstacles:
        raise ErasureHeldError(obstacles)
    failed = [
        answer.plugin
        for answer in ask_installed("erase_member_data", member=member)
        if answer.fault is not None
    ]
    if failed:
        raise ErasureHeldError([_not_asked(plugin) for plugin in failed])
    features: Slots = slots()
    # What refers to others goes first: the highest layer is registered last.
    for erase in reversed(features.fillers["erase_member_data"]):
        erase(member)
        db.session.flush()
    record(
        actor=None,
        action="member.erased",
        subject=("member", member.public_id),
        project_id=request.project_id,
        facts={"request": request.public_id},
    )


def _hold(request: PrivacyRequest, obstacles: list[str]) -> None:
    db.session.refresh(request)
    pause = min(FIRST_RETRY * 2 ** min(request.tries, 10), LONGEST_RETRY)
    first = request.state != RequestState.HELD
    values = {
        "obstacles": obstacles,
        "tries": request.tries + 1,
        "due_at": clock.now() + pause,
    }
    if first or request.obstacles != obstacles:
        move(
            request=request,
            to=RequestState.HELD,
            actor=None,
            reason=RequestReason.IN_THE_WAY,
            sources=DUE_STATES,
            **values,
        )
        return
    for name, value in values.items():
        setattr(request, name, value)


def _not_asked(plugin: str) -> str:
    return gettext("The plugin %(plugin)s could not answer. It is tried again.", plugin=plugin)

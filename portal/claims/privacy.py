"""What is kept of a member's claims of homes, and the photos sent with them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.models import Account
from portal.audit.privacy import blank_reasons_about
from portal.claims.models import (
    FILE_OWNER,
    OPEN_STATES,
    ClaimEvent,
    ClaimReason,
    ClaimState,
    UnitClaim,
)
from portal.claims.moves import move
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.queries import bytes_of
from portal.files.service import destroy_files
from portal.i18n import gettext, lazy, localized
from portal.members.models import Member
from portal.members.privacy import former_name
from portal.personal_data import Coverage, ErasureNote, ExportFile, ExportPart, RetentionRule
from portal.projects.models import Ownership
from portal.projects.queries import OWNING_ROLES, address_title

_FOREVER = 100_000
TABLES = {
    "unit_claim": Coverage(
        erased=False, why="name, address typed and notes go; the decision stays"
    ),
    "claim_event": Coverage(erased=False, why="append-only; ids and codes stay, notes are blanked"),
    "stored_file": Coverage(),
}


def export_member_data(member: Member) -> list[ExportPart]:
    """Return the claims with their steps, and the photos."""
    claims = _claims(member)
    ids = [claim.id for claim in claims]
    events = db.session.scalars(
        sa.select(ClaimEvent).where(ClaimEvent.claim_id.in_(ids)).order_by(ClaimEvent.created_at)
    ).all()
    titles = {
        claim.id: address_title(claim.building, claim.entrance, claim.number) for claim in claims
    }
    return [
        _part_of_claims(claims),
        ExportPart(
            "claim_steps",
            lazy("Steps of the claims"),
            {
                "home": lazy("Address of the home"),
                "state": lazy("State"),
                "reason": lazy("Reason"),
                "note": lazy("Remark"),
                "at": lazy("Time"),
            },
            [
                {
                    "home": titles[event.claim_id],
                    # That somebody else has the home is not the claimant's to know.
                    "state": _shown(event.to_state),
                    "reason": None if event.reason == ClaimReason.OWNER_EXISTS else event.reason,
                    "note": event.note,
                    "at": event.created_at,
                }
                for event in events
            ],
            words={"state": "claim_state", "reason": "claim_reason"},
        ),
    ]


def check_member_removal(member: Member) -> list[str]:
    """Return an objection for the only owner of a home that somebody else claims just now."""
    owned = sa.select(Ownership.unit_id).where(
        Ownership.member_id == member.id,
        Ownership.until.is_(None),
        Ownership.role.in_(OWNING_ROLES),
    )
    shared = sa.select(Ownership.unit_id).where(
        Ownership.member_id != member.id,
        Ownership.until.is_(None),
        Ownership.role.in_(OWNING_ROLES),
    )
    disputed = db.session.scalar(
        sa.select(UnitClaim.id)
        .where(
            UnitClaim.unit_id.in_(owned),
            UnitClaim.unit_id.not_in(shared),
            UnitClaim.member_id != member.id,
            UnitClaim.state.in_(OPEN_STATES),
        )
        .limit(1)
    )
    if disputed is None:
        return []
    return [gettext("A home is being checked. Staff settle whose it is first.")]


def erase_member_data(member: Member) -> None:
    """Withdraw open claims, blank names and notes, and destroy the photos."""
    claims = _claims(member)
    for claim in claims:
        if claim.state in OPEN_STATES:
            move(claim, ClaimState.WITHDRAWN, actor=None, reason=ClaimReason.WITHDRAWN)
        claim.name = former_name()
        if claim.unit_id is None:
            # Free text: nothing in the register says what was typed.
            claim.building, claim.entrance, claim.number, claim.address = "-", "", "-", ""
    db.session.flush()
    ids = [claim.id for claim in claims]
    db.session.execute(
        sa.update(ClaimEvent)
        .where(ClaimEvent.claim_id.in_(ids), ClaimEvent.note != "")
        .values(note="")
        .execution_options(synchronize_session=False)
    )
    blank_reasons_about(subjects=[("claim", claim.public_id) for claim in claims])
    keys = [claim.public_id for claim in claims]
    account = db.session.get_one(Account, member.account_id)
    destroy_files(
        files=db.session.scalars(
            sa.select(StoredFile).where(
                StoredFile.owner_kind == FILE_OWNER,
                sa.or_(StoredFile.owner_key.in_(keys), StoredFile.uploaded_by_id == account.id),
            )
        ).all()
    )


def erasure_notes(member: Member) -> list[ErasureNote]:
    """Return what becomes of the claims."""
    if not _claims(member):
        return []
    return [
        ErasureNote(lazy("Photos of proof, and names and notes of your claims")),
        ErasureNote(
            lazy("That a claim was made and how it was decided"),
            kept=lazy("Without your name; the decision must stay explicable."),
        ),
    ]


def retention_rules() -> list[RetentionRule]:
    """Return how long photos of proof are kept once the claim is decided."""
    refused = (ClaimState.REFUSED, ClaimState.WITHDRAWN)
    return [
        RetentionRule(
            "refused_proof", lazy("Photos of refused and withdrawn claims"), 90, 7,
            count=lambda before: len(_photos(refused, before, _FOREVER)),
            delete=lambda before, limit: destroy_files(files=_photos(refused, before, limit)),
        ),
        RetentionRule(
            "approved_proof", lazy("Photos of verified claims"), 365, 30,
            count=lambda before: len(_photos((ClaimState.APPROVED,), before, _FOREVER)),
            delete=lambda before, limit: destroy_files(
                files=_photos((ClaimState.APPROVED,), before, limit)
            ),
        ),
    ]  # fmt: skip


def _photos(states: Sequence[str], before: datetime, limit: int) -> Sequence[StoredFile]:
    decided = sa.func.coalesce(UnitClaim.decided_at, UnitClaim.created_at)
    return db.session.scalars(
        sa.select(StoredFile)
        .join(UnitClaim, UnitClaim.public_id == StoredFile.owner_key)
        .where(StoredFile.owner_kind == FILE_OWNER, UnitClaim.state.in_(states), decided < before)
        .order_by(StoredFile.id)
        .limit(limit)
    ).all()


def _claims(member: Member) -> Sequence[UnitClaim]:
    return db.session.scalars(
        sa.select(UnitClaim)
        .options(joinedload(UnitClaim.project, innerjoin=True))
        .where(UnitClaim.member_id == member.id)
        .order_by(UnitClaim.created_at, UnitClaim.id)
    ).all()


def _part_of_claims(claims: Sequence[UnitClaim]) -> ExportPart:
    files = db.session.scalars(
        sa.select(StoredFile)
        .where(
            StoredFile.owner_kind == FILE_OWNER,
            StoredFile.owner_key.in_([claim.public_id for claim in claims]),
            StoredFile.erased_at.is_(None),
        )
        .order_by(StoredFile.id)
    ).all()
    columns = {
        "project": lazy("Project"),
        "home": lazy("Address of the home"),
        "name": lazy("Full name"),
        "role": lazy("Role in the home"),
        "state": lazy("State"),
        "sent": lazy("Sent"),
        "decided": lazy("Decided"),
        "photos": lazy("Photos"),
    }
    rows = [
        {
            "project": localized(claim.project.name),
            "home": address_title(claim.building, claim.entrance, claim.number),
            "name": claim.name,
            "role": claim.role,
            "state": _shown(claim.state),
            "sent": claim.created_at,
            "decided": claim.decided_at,
            "photos": [file.original_name for file in files if file.owner_key == claim.public_id],
        }
        for claim in claims
    ]
    return ExportPart(
        "claims",
        lazy("Claims of homes"),
        columns,
        rows,
        words={"role": "role", "state": "claim_state"},
        files=(
            ExportFile("photo.jpg", content)
            for file in files
            if (content := bytes_of(file)) is not None
        ),
    )


def _shown(state: str) -> str:
    return ClaimState.PENDING if state == ClaimState.DISPUTED else state

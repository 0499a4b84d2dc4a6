"""What waits for somebody: claims in every state, roster names without an account, invitations."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from portal.claims.models import ClaimEvent, ClaimReason, ClaimState, UnitClaim
from portal.claims.service import FILE_OWNER
from portal.crypto import lookup_hash, token_hash
from portal.demo.cast import MEMBERS, OWNER, WAITING, Waiting
from portal.demo.names import named_phone
from portal.demo.proof import draw_contract
from portal.demo.stage import Stage
from portal.extensions import db
from portal.files.service import store_picture
from portal.phones import phone_tail
from portal.projects.addresses import parts_of
from portal.projects.models import Invitation, Role, Unit
from portal.projects.queries import address_key, find_unit
from portal.roster.models import RosterEntry


@dataclass(frozen=True)
class Case:
    """One claim and where it stands; the steps after the first are the staff's."""

    player: str
    project: str
    place: tuple[str, str, str]
    days_ago: int
    steps: tuple[tuple[ClaimState, ClaimReason, str], ...] = ()
    with_proof: bool = True


CASES = (
    Case("newowner", "siji", ("8栋", "2单元", "1203"), 1),
    Case("queued", "binjiang", ("5栋", "", "1704"), 1),
    Case("unknown", "binjiang", ("36栋", "", "2201"), 2, with_proof=False),
    Case(
        "disputer",
        "binjiang",
        ("6栋", "", "1101"),
        9,
        ((ClaimState.DISPUTED, ClaimReason.OWNER_EXISTS, ""),),
    ),
    Case(
        "asked",
        "binjiang",
        ("7栋", "", "802"),
        5,
        (
            (
                ClaimState.NEEDS_MORE,
                ClaimReason.NAME_DIFFERS,
                "合同上的姓名与您登记的不一致，请补充一张能说明关系的材料。",
            ),
        ),
    ),
    Case(
        "refused",
        "binjiang",
        ("8栋", "", "2003"),
        18,
        (
            (
                ClaimState.REFUSED,
                ClaimReason.PROOF_UNREADABLE,
                "照片看不清合同编号和签名，请在光线充足处重拍后再提交。",
            ),
        ),
    ),
)


def add_cases(stage: Stage) -> None:
    """Add the claims, the roster's waiting names and a pending invitation."""
    for case in CASES:
        _add_claim(stage, case)
    for waiting in WAITING:
        _add_waiting(stage, waiting)
    _add_claimed_entries(stage)
    _add_invitation(stage)


def _add_claim(stage: Stage, case: Case) -> None:
    member = stage.members[case.player]
    project = stage.projects[case.project]
    unit = find_unit(project.id, *case.place)
    building, entrance, number = case.place
    claim = UnitClaim(
        project_id=project.id,
        member_id=member.id,
        unit_id=unit.id if unit else None,
        building=building,
        entrance=entrance,
        number=number,
        address=address_key(building, entrance, number),
        name=member.name,
        role=Role.OWNER,
        state=case.steps[-1][0] if case.steps else ClaimState.PENDING,
        created_at=stage.moment(case.days_ago, 20, 8),
    )
    closed = claim.state == ClaimState.REFUSED
    claim.decided_at = stage.moment(case.days_ago - 1, 11, 2) if closed else None
    db.session.add(claim)
    db.session.flush()
    _add_step(stage, case, claim, ClaimState.PENDING, ClaimReason.SUBMITTED, by=member.account_id)
    staff = stage.accounts["staff@demo.test"]
    for state, reason, note in case.steps:
        automatic = reason == ClaimReason.OWNER_EXISTS
        _add_step(
            stage,
            case,
            claim,
            state,
            reason,
            note=note,
            by=None if automatic else staff.id,
            later=0 if automatic else 1,
        )
    if case.with_proof:
        _add_proof(stage, case, claim)


def _add_step(
    stage: Stage,
    case: Case,
    claim: UnitClaim,
    state: ClaimState,
    reason: ClaimReason,
    *,
    by: int | None,
    note: str = "",
    later: int = 0,
) -> None:
    db.session.add(
        ClaimEvent(
            claim_id=claim.id,
            to_state=state,
            reason=reason,
            note=note,
            actor_id=by,
            created_at=stage.moment(case.days_ago - later, 11 if later else 20, 2 if later else 8),
        )
    )
    db.session.flush()


def _add_proof(stage: Stage, case: Case, claim: UnitClaim) -> None:
    # The drawing has Latin letters only: Pillow brings no font with Chinese ones.
    year = f"{stage.day(700):%Y}"
    picture = draw_contract(
        (
            f"No. {case.project.upper()}-{year}-{1000 + claim.member_id * 37 % 9000}",
            f"Home: {'-'.join(parts_of(' '.join(case.place)))}",
            f"Signed: {stage.day(700):%Y-%m-%d}",
            "Sample for the demo, not a real contract",
        )
    )
    file = store_picture(
        actor=stage.members[case.player].account,
        upload=picture,
        owner_kind=FILE_OWNER,
        owner_key=claim.public_id,
        project_id=claim.project_id,
    )
    file.created_at = claim.created_at


def _add_waiting(stage: Stage, waiting: Waiting) -> None:
    project = stage.projects[waiting.project]
    unit = stage.unit(
        project,
        waiting.building,
        waiting.entrance,
        waiting.door,
        area=9_800,
        handover_on=stage.day(60),
    )
    db.session.add(_entry(stage, unit, waiting.name, waiting.phone))


def _add_claimed_entries(stage: Stage) -> None:
    """The owner and a neighbour were verified by the roster, and it says so."""
    for key, place, days_ago in (
        (OWNER.key, ("2栋", "", "1502"), 1238),
        (OWNER.key, ("3栋", "", "601"), 402),
        ("settled", ("6栋", "", "1101"), 898),
    ):
        member = stage.members[key]
        unit = find_unit(stage.projects["binjiang"].id, *place)
        assert unit is not None
        phone = next(player.phone for player in MEMBERS if player.key == key)
        entry = _entry(stage, unit, member.name, phone)
        entry.claimed_by_id, entry.claimed_at = member.id, stage.moment(days_ago, 14, 20)
        db.session.add(entry)


def _entry(stage: Stage, unit: Unit, name: str, phone: str) -> RosterEntry:
    return RosterEntry(
        project_id=unit.project_id,
        unit_id=unit.id,
        name=name,
        phone=phone,
        phone_hash=lookup_hash("phone", phone),
        phone_tail_hash=lookup_hash("phone_tail", phone_tail(phone)),
        role=Role.OWNER,
        created_at=stage.moment(45, 16, 0),
    )


def _add_invitation(stage: Stage) -> None:
    """The owner has invited her sister into the second home; the link was sent, not used."""
    owner = stage.members[OWNER.key]
    unit = find_unit(stage.projects["binjiang"].id, "3栋", "", "601")
    assert unit is not None
    sent = stage.moment(1, 18, 30)
    db.session.add(
        Invitation(
            unit_id=unit.id,
            project_id=unit.project_id,
            role=Role.CO_OWNER,
            name="林晓蓉",
            phone_hash=lookup_hash("phone", named_phone(120)),
            token_hash=token_hash(secrets.token_urlsafe(24)),
            invited_by_id=owner.id,
            created_at=sent,
            expires_at=sent + timedelta(days=14),
        )
    )

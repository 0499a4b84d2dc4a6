"""The cast: accounts, members, households, homes and roles of the people to sign in as."""

from portal.accounts.models import Account, Consent
from portal.accounts.service import set_phone
from portal.demo.cast import MEMBERS, NEW_OWNER, OWNER, SPOUSE, STAFF, Player, Worker
from portal.demo.stage import Stage
from portal.extensions import db
from portal.members.models import Household, HouseholdStay, Member, Person, PersonRelation
from portal.permissions.models import RoleGrant
from portal.projects.models import EndReason, Ownership, ProjectInterest, Role, Unit

SPOUSE_MOVED = 1180
"""Days ago that the owner's husband came into her household."""


def add_cast(stage: Stage) -> None:
    """Add everybody of the cast, the staff first."""
    for worker in STAFF:
        _add_worker(stage, worker)
    for player in MEMBERS:
        _add_member(stage, player)
    db.session.flush()
    _add_family(stage)
    _add_homes(stage)
    db.session.add(
        ProjectInterest(
            member_id=stage.members[NEW_OWNER.key].id,
            project_id=stage.projects["siji"].id,
            created_at=stage.moment(NEW_OWNER.joined, 19, 42),
        )
    )
    db.session.add(
        ProjectInterest(
            member_id=stage.members[OWNER.key].id,
            project_id=stage.projects["shanju"].id,
            created_at=stage.moment(30, 21, 5),
        )
    )


def _add_account(stage: Stage, person: Player | Worker, days_ago: int) -> Account:
    account = Account(
        email=person.email,
        display_name=person.name,
        password_hash=stage.password_hash,
        is_demo=True,
        created_at=stage.moment(days_ago, 9, 30),
    )
    set_phone(account=account, phone=person.phone)
    db.session.add(account)
    db.session.flush()
    return account


def _add_worker(stage: Stage, worker: Worker) -> None:
    account = _add_account(stage, worker, 1400)
    stage.accounts[worker.email] = account
    project = stage.projects[worker.project] if worker.project else None
    db.session.add(
        RoleGrant(
            account_id=account.id,
            role=worker.role,
            project_id=project.id if project else None,
            created_at=stage.moment(1400),
        )
    )


def _add_member(stage: Stage, player: Player) -> None:
    account = _add_account(stage, player, player.joined)
    household = stage.members[OWNER.key].household if player is SPOUSE else Household()
    member = Member(
        account=account,
        household=household,
        card_number=player.card,
        name=player.name,
        salutation=player.salutation,
        joined_on=stage.day(player.joined),
        created_at=stage.moment(player.joined, 9, 30),
    )
    db.session.add(member)
    db.session.flush()
    stage.members[player.key] = member
    moved = SPOUSE_MOVED if player is SPOUSE else player.joined
    if player is SPOUSE:
        _add_earlier_stay(stage, member)
    db.session.add(
        HouseholdStay(member_id=member.id, household_id=household.id, since=stage.day(moved))
    )
    db.session.add_all(
        Consent(account_id=account.id, legal_text_id=text.id, created_at=account.created_at)
        for text in stage.legal_texts
    )


def _add_earlier_stay(stage: Stage, member: Member) -> None:
    """Before he accepted the invitation he was a household of his own."""
    alone = Household()
    db.session.add(alone)
    db.session.flush()
    db.session.add(
        HouseholdStay(
            member_id=member.id,
            household_id=alone.id,
            since=member.joined_on,
            until=stage.day(SPOUSE_MOVED),
            end_reason="invitation",
        )
    )


def _add_family(stage: Stage) -> None:
    """The owner's household of four: she and he, their daughter, her father."""
    mother = stage.members[OWNER.key]
    born = stage.day(365 * 7 + 60)
    db.session.add_all(
        [
            Person(
                household_id=mother.household_id,
                name="陈小满",
                relation=PersonRelation.CHILD,
                birth_month=f"{born:%Y-%m}",
                guardian_id=mother.id,
                created_at=stage.moment(1100, 20, 15),
            ),
            Person(
                household_id=mother.household_id,
                name="林国栋",
                relation=PersonRelation.PARENT,
                created_at=stage.moment(1100, 20, 18),
            ),
        ]
    )


def _add_homes(stage: Stage) -> None:
    binjiang, siji = stage.projects["binjiang"], stage.projects["siji"]
    handed = stage.day(1260)
    first = stage.unit(binjiang, "2栋", "", "1502", area=14_300, handover_on=handed)
    second = stage.unit(binjiang, "3栋", "", "601", area=8_900, handover_on=handed)
    neighbour = stage.unit(binjiang, "6栋", "", "1101", area=12_800, handover_on=handed)
    stage.unit(binjiang, "8栋", "", "2003", area=10_600, handover_on=handed)
    stage.unit(binjiang, "7栋", "", "802", area=10_600, handover_on=handed)
    stage.unit(binjiang, "5栋", "", "1704", area=12_800, handover_on=handed)
    stage.unit(siji, "8栋", "2单元", "1203", area=11_500, handover_on=stage.day(40))
    sold = stage.unit(binjiang, "9栋", "", "1203", area=10_600, handover_on=handed)
    _own(stage, sold, "owner", Role.OWNER, 1238, sold=420)
    _own(stage, first, "owner", Role.OWNER, 1238)
    _own(stage, first, "spouse", Role.CO_OWNER, SPOUSE_MOVED)
    _own(stage, second, "owner", Role.OWNER, 402)
    _own(stage, second, "tenant", Role.TENANT, 205)
    _own(stage, neighbour, "settled", Role.OWNER, 898)


def _own(
    stage: Stage, unit: Unit, key: str, role: Role, days_ago: int, *, sold: int | None = None
) -> None:
    member = stage.members[key]
    if role == Role.OWNER and sold is None:
        unit.household_id = member.household_id
    db.session.add(
        Ownership(
            unit_id=unit.id,
            member_id=member.id,
            project_id=unit.project_id,
            role=role,
            since=stage.day(days_ago),
            until=None if sold is None else stage.day(sold),
            end_reason=None if sold is None else EndReason.SALE,
            created_at=stage.moment(days_ago, 14, 20),
        )
    )

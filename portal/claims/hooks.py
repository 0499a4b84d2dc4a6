"""What claims add to shared pages."""

from flask import g, url_for

from portal.claims import queries, search
from portal.claims.models import ClaimState, UnitClaim
from portal.claims.notices import KINDS
from portal.claims.service import FILE_OWNER, claim_from_roster
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.readers import FileReader
from portal.i18n import gettext, lazy, localized
from portal.members.current import find_current_member
from portal.members.models import Member
from portal.notifications.kinds import NotificationKind
from portal.permissions.current import current_rights
from portal.projects.models import Project
from portal.projects.queries import address_title, unit_title
from portal.search.documents import Source
from portal.slots import Card, MemberHome, NavItem, StaffWidget, Todo

REVIEW = "claims.review"


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the queue's link with the number of claims to decide."""
    if project is None or not current_rights().allows(REVIEW, project.id):
        return []
    badge = queries.waiting(project.id) or None
    title = lazy("Home claims")
    return [NavItem(title, "home-check", "claims.staff_list", REVIEW, order=20, badge=badge)]


def staff_widgets(project: Project) -> list[StaffWidget]:
    """Return the number of claims that wait for a decision."""
    if not current_rights().allows(REVIEW, project.id):
        return []
    waiting = queries.waiting(project.id)
    hint = lazy("The oldest comes first")
    return [StaffWidget(lazy("Claims to decide"), waiting, hint, "claims.staff_list", REVIEW)]


def member_home(project: Project) -> MemberHome:
    """Return a to-do for each claim that staff asked more for, and the claims in progress."""
    member = find_current_member()
    if member is None:
        return MemberHome()
    claims = [claim for claim in _unsettled(member) if claim.project_id == project.id]
    todos = tuple(
        Todo(
            title=gettext("More proof for %(home)s", home=_address(claim)),
            hint=lazy("Staff wrote what is missing"),
            icon="camera",
            tone="gold",
            url=url_for("claims.show", public_id=claim.public_id),
            action=lazy("Add photos"),
        )
        for claim in claims
        if claim.state == ClaimState.NEEDS_MORE
    )
    open_claims = [claim for claim in claims if claim.state != ClaimState.REFUSED]
    cards = (Card("claims/_mine.html", open_claims, 40),) if open_claims else ()
    return MemberHome(todos=todos, cards=cards, claiming=bool(open_claims))


def my_homes_cards(member: Member) -> list[Card]:
    """Return the member's claims for the page of their homes."""
    claims = _unsettled(member)
    return [Card("claims/_mine.html", claims, 10)] if claims else []


def member_profile_sections(project: Project, member: Member) -> list[Card]:
    """Return a member's claims in this project for the staff's member page."""
    claims = [claim for claim in _unsettled(member) if claim.project_id == project.id]
    return [Card("claims/_staff_member.html", claims, 30)] if claims else []


def on_member_joined(member: Member) -> list[str]:
    """Verify what the roster knows of a new member, and say so."""
    granted = claim_from_roster(member=member)
    messages = []
    for ownership in granted:
        project = db.session.get_one(Project, ownership.project_id)
        home = f"{localized(project.name)} {unit_title(ownership.unit)}"
        messages.append(
            gettext(
                "Verified at once: %(home)s. Name and number match the sales office's list.",
                home=home,
            )
        )
    return messages


def notification_kinds() -> list[NotificationKind]:
    """Return what claimants are told."""
    return KINDS


def file_readers() -> tuple[FileReader, ...]:
    """Return who reads photos of proof."""
    return (FileReader(FILE_OWNER, may_read_proof),)


def may_read_proof(file: StoredFile) -> bool:
    """Tell whether the reader sent the photo, or decides on claims in its project."""
    account = g.get("account")
    if account is None:
        return False
    return file.uploaded_by_id == account.id or current_rights().allows(REVIEW, file.project_id)


def _unsettled(member: Member) -> list[UnitClaim]:
    """Return the member's claims in progress; one statement a request and member."""
    found: dict[int, list[UnitClaim]] = g.setdefault("unsettled_claims", {})
    if member.id not in found:
        found[member.id] = list(queries.unsettled_claims(member.id))
    return found[member.id]


def _address(claim: UnitClaim) -> str:
    return address_title(claim.building, claim.entrance, claim.number)


def search_sources() -> list[Source]:
    """Return what search finds of this feature."""
    return search.sources()

"""What claimants are told of the decisions on their claims."""

import sqlalchemy as sa
from flask_babel import LazyString

from portal.claims.models import ClaimState, UnitClaim
from portal.extensions import db
from portal.i18n import lazy
from portal.members.models import Member
from portal.notifications.kinds import NotificationKind
from portal.notifications.service import notify
from portal.outbox.registry import DomainEvent, subscribe
from portal.projects.models import Project
from portal.projects.queries import address_title

_SAMPLE = {"home": lazy("2-1-1502"), "project": lazy("Riverside Mansion")}
_BY_STATE: dict[str, str] = {
    ClaimState.APPROVED: "claims.approved",
    ClaimState.NEEDS_MORE: "claims.needs_more",
    ClaimState.REFUSED: "claims.refused",
}
KINDS = [
    NotificationKind(
        "claims.approved",
        title=lazy("A home is verified"),
        subject=lazy("{home} is verified"),
        body=lazy("Your home {home} in {project} is verified. Welcome home."),
        sample=_SAMPLE,
        icon="home-check",
        tone="green",
    ),
    NotificationKind(
        "claims.needs_more",
        title=lazy("More proof is needed for a home"),
        subject=lazy("Please add proof for {home}"),
        body=lazy("We could not verify {home} in {project} yet. Open the message to add photos."),
        sample=_SAMPLE,
        icon="camera",
        tone="gold",
    ),
    NotificationKind(
        "claims.refused",
        title=lazy("A home could not be verified"),
        subject=lazy("{home} could not be verified"),
        body=lazy("Your claim of {home} in {project} was refused. Open it to read why."),
        sample=_SAMPLE,
        icon="x",
        tone="rose",
    ),
]


@subscribe("claim.decided", name="claims.notices")
def tell_claimant(event: DomainEvent) -> None:
    """Tell whoever claimed a home what was decided."""
    found = db.session.execute(
        sa.select(UnitClaim, Member.account_id)
        .join(Member, Member.id == UnitClaim.member_id)
        .where(UnitClaim.public_id == event.subject[1])
    ).one_or_none()
    if found is None or event.data.get("state") not in _BY_STATE:
        return
    claim, account_id = found
    project = db.session.get_one(Project, claim.project_id)
    notify(
        account_ids=[account_id],
        kind=_BY_STATE[event.data["state"]],
        cause=f"event:{event.id}",
        values={
            "home": LazyString(address_title, claim.building, claim.entrance, claim.number),
            "project": project.name,
        },
        url=f"/me/claims/{claim.public_id}",
        project_id=claim.project_id,
    )

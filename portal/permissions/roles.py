"""The permissions of the core and the roles that hold them unless the club says otherwise."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from portal.i18n import Text, lazy


class RoleName(StrEnum):
    """The roles of DOMAIN: each a set of permissions, given for a project or for the club."""

    STAFF = "staff"
    CONCIERGE = "concierge"
    VERIFIER = "verifier"
    ADVISER = "adviser"
    MANAGER = "manager"
    FINANCE = "finance"
    MODERATOR = "moderator"
    PARTNER = "partner"
    CENTRE = "centre"
    LEADER = "leader"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


ROLE_TITLES: dict[str, Text] = {
    RoleName.STAFF: lazy("Club staff"),
    RoleName.CONCIERGE: lazy("Concierge"),
    RoleName.VERIFIER: lazy("Verifier"),
    RoleName.ADVISER: lazy("Property adviser"),
    RoleName.MANAGER: lazy("Project manager"),
    RoleName.FINANCE: lazy("Finance"),
    RoleName.MODERATOR: lazy("Moderator"),
    RoleName.PARTNER: lazy("Partner merchant"),
    RoleName.CENTRE: lazy("Group centre"),
    RoleName.LEADER: lazy("Group leader"),
    RoleName.AUDITOR: lazy("Auditor"),
    RoleName.ADMINISTRATOR: lazy("Administrator"),
}


@dataclass(frozen=True)
class Permission:
    """One thing that may be allowed. `roles` hold it by default; an administrator always does.

    `proof`: what it allows moves money or points, shows what is masked, or gives rights away: its
    writes first ask whether it is still the same person who sits there (accounts.confirmation).
    """

    key: str
    title: Text
    roles: frozenset[str]
    proof: bool = False


def _permission(key: str, title: Text, *roles: RoleName, proof: bool = False) -> Permission:
    return Permission(key, title, frozenset({*roles, RoleName.ADMINISTRATOR}), proof)


_R = RoleName
PERMISSIONS: dict[str, Permission] = {
    permission.key: permission
    for permission in (
        _permission(
            "staff.desk",
            lazy("See the staff desk of a project"),
            _R.STAFF,
            _R.CONCIERGE,
            _R.VERIFIER,
            _R.ADVISER,
            _R.MANAGER,
            _R.FINANCE,
            _R.MODERATOR,
            _R.CENTRE,
            _R.LEADER,
            _R.AUDITOR,
        ),
        _permission(
            "members.view",
            lazy("Find and see members"),
            _R.STAFF,
            _R.CONCIERGE,
            _R.MANAGER,
            _R.CENTRE,
        ),
        _permission("members.edit", lazy("Register and correct members"), _R.STAFF, _R.MANAGER),
        _permission(
            "members.unmask",
            lazy("Show a full phone number"),
            _R.STAFF,
            _R.MANAGER,
            _R.CENTRE,
            proof=True,
        ),
        _permission("members.export", lazy("Export a list of members"), _R.MANAGER, _R.CENTRE),
        _permission(
            "points.view",
            lazy("See a member's points"),
            _R.STAFF,
            _R.CONCIERGE,
            _R.MANAGER,
            _R.FINANCE,
            _R.CENTRE,
        ),
        _permission("points.post", lazy("Post points from another system, with a service's token")),
        _permission(
            "facts.record",
            lazy("Tell of spending and deeds from another system, with a service's token"),
        ),
        _permission(
            "points.adjust", lazy("Adjust points by hand"), _R.STAFF, _R.MANAGER, proof=True
        ),
        _permission(
            "points.approve",
            lazy("Agree to adjustments of points"),
            _R.MANAGER,
            _R.FINANCE,
            proof=True,
        ),
        _permission(
            "points.finance",
            lazy("Read the club's statements, liability and checks of points"),
            _R.FINANCE,
            _R.CENTRE,
            _R.LEADER,
            _R.AUDITOR,
        ),
        _permission("points.close", lazy("Seal months of points"), _R.FINANCE, proof=True),
        _permission(
            "points.rules", lazy("Change the rules of points: expiry, order, limits"), proof=True
        ),
        _permission(
            "earning.view",
            lazy("See the earning rules and what they gave"),
            _R.MANAGER,
            _R.FINANCE,
            _R.CENTRE,
            _R.AUDITOR,
        ),
        _permission("earning.edit", lazy("Write and propose earning rules"), _R.CENTRE),
        _permission(
            "earning.publish", lazy("Publish earning rules that a colleague proposed"), _R.CENTRE
        ),
        _permission(
            "tiers.override", lazy("Propose a tier for a member by hand"), _R.STAFF, _R.MANAGER
        ),
        _permission("tiers.approve", lazy("Agree to tiers given by hand"), _R.MANAGER, _R.CENTRE),
        _permission("tiers.edit", lazy("Draft and propose rules of tiers"), _R.CENTRE),
        _permission("tiers.publish", lazy("Publish rules of tiers that a colleague proposed")),
        _permission("claims.review", lazy("Decide on claims of homes"), _R.STAFF, _R.MANAGER),
        _permission("homes.manage", lazy("Change or end who owns a home"), _R.STAFF, _R.MANAGER),
        _permission("roster.import", lazy("Import and undo rosters"), _R.STAFF, _R.MANAGER),
        _permission(
            "contracts.view",
            lazy("See contracts, payments and fees"),
            _R.STAFF,
            _R.MANAGER,
            _R.FINANCE,
        ),
        _permission(
            "contracts.import", lazy("Import and undo contracts, payments and fees"), _R.MANAGER
        ),
        _permission("projects.manage", lazy("Edit a project"), _R.MANAGER),
        _permission("audit.view", lazy("Read the audit trail"), _R.MANAGER, _R.CENTRE, _R.AUDITOR),
        _permission(
            "privacy.manage",
            lazy("Ask for, confirm and stop erasures; set what is kept how long"),
            _R.MANAGER,
            _R.CENTRE,
        ),
        _permission("roles.view", lazy("See who holds which role"), _R.MANAGER, _R.CENTRE),
        _permission(
            "roles.edit", lazy("Give and take roles, change what a role may do"), proof=True
        ),
        _permission("jobs.manage", lazy("See background work, try it again or give it up")),
        _permission("tokens.manage", lazy("Issue and revoke API tokens of services"), proof=True),
        _permission("webhooks.manage", lazy("Register webhooks and see what they were told")),
        _permission("plugins.manage", lazy("Switch plugins on and off")),
        _permission("plugins.settings", lazy("Set plugins up for a project"), _R.MANAGER),
        _permission("plugins.purge", lazy("Delete the data of plugins for good")),
        _permission(
            "announcements.send", lazy("Write and send announcements"), _R.MANAGER, _R.CENTRE
        ),
        _permission("notifications.manage", lazy("Change the words of notifications"), _R.CENTRE),
        _permission("club.settings", lazy("Change the club's brand, contact and terms")),
    )
}


def asks_proof(key: str | None) -> bool:
    """Tell whether writes that a permission allows ask for a fresh proof first."""
    permission = PERMISSIONS.get(key or "")
    return permission is not None and permission.proof


def default_permissions(role: str) -> frozenset[str]:
    """Return the keys that a role holds by default; an unknown role holds none."""
    return frozenset(key for key, permission in PERMISSIONS.items() if role in permission.roles)


def add_permissions(permissions: Iterable[Permission]) -> None:
    """Add the permissions of a plugin; an administrator holds them, too."""
    for permission in permissions:
        holders = permission.roles | {RoleName.ADMINISTRATOR}
        PERMISSIONS[permission.key] = replace(permission, roles=holders)

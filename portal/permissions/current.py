"""What this request may do."""

from flask import g

from portal.permissions.queries import NO_RIGHTS, Rights, rights_of


def current_rights() -> Rights:
    """Return the signed-in account's rights; one statement a request, none for a visitor."""
    if "rights" not in g:
        account = g.get("account")
        g.rights = rights_of(account.id) if account else NO_RIGHTS
    return g.rights


def may(permission: str) -> bool:
    """Tell whether the reader holds `permission` in this request's project, or club-wide."""
    project = g.get("project")
    return current_rights().allows(permission, project.id if project else None)

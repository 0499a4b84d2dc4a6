"""What a route asks of its visitor: declared on the view, enforced by portal.web.gate."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

View = TypeVar("View", bound=Callable[..., object])


class Audience(StrEnum):
    """The widest circle that may call a route."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    MEMBER = "member"
    PERMISSION = "permission"


class Scope(StrEnum):
    """What a token with scopes needs for a route of the account's own, where rights do not count.

    `READ` and `WRITE` are scopes that it may name; `WHOLE`: only a token without scopes will do;
    `ANY`: every token will.
    """

    READ = "me:read"
    WRITE = "me:write"
    WHOLE = "whole"
    ANY = "any"


OWN_SCOPES = (str(Scope.READ), str(Scope.WRITE))
"""The scopes besides permissions that a member's token may name."""


@dataclass(frozen=True)
class Access:
    """A route's declaration. With a permission, `project` in the address is its scope, else the
    club. `writes_on_get` lets a GET write: a reviewed exception."""

    audience: Audience
    permission: str | None = None
    writes_on_get: bool = False


def public(view: View) -> View:
    """Declare a route open to everybody."""
    return _declare(view, Access(Audience.PUBLIC))


def signed_in(view: View) -> View:
    """Declare a route for every account."""
    return _declare(view, Access(Audience.SIGNED_IN))


def member_only(view: View) -> View:
    """Declare a route for members; under /p/<project>/, for members of that project."""
    return _declare(view, Access(Audience.MEMBER))


def requires(permission: str) -> Callable[[View], View]:
    """Declare a route for holders of `permission` in the project of its address, or club-wide."""

    def declare(view: View) -> View:
        return _declare(view, Access(Audience.PERMISSION, permission))

    return declare


def whole_token(view: View) -> View:
    """Declare that no scope covers a route of the account's own: passwords, devices, its data."""
    view.own_scope = Scope.WHOLE  # type: ignore[attr-defined]
    return view


def any_token(view: View) -> View:
    """Declare that every token covers a route of the account's own: it only gives up power."""
    view.own_scope = Scope.ANY  # type: ignore[attr-defined]
    return view


def scope_of(view: Callable[..., object] | None, method: str) -> Scope:
    """Return what a route asks of a token with scopes besides rights. A GET reads."""
    declared: Scope | None = getattr(view, "own_scope", None)
    if declared is not None:
        return declared
    access = access_of(view)
    if access is None or access.audience is Audience.PERMISSION:
        return Scope.ANY
    return Scope.READ if method in ("GET", "HEAD", "OPTIONS") else Scope.WRITE


def access_of(view: Callable[..., object] | None) -> Access | None:
    """Return what a view declares, or None when it declares nothing."""
    return getattr(view, "access", None)


def _declare(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view

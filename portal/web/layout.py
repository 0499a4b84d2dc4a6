"""What every template knows: brand, reader, navigation, and helpers for showing things."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request, url_for
from flask_babel import format_datetime, format_decimal
from werkzeug.local import LocalProxy

from portal.claims.models import ClaimState
from portal.club.queries import current_club
from portal.home.tabs import member_places
from portal.i18n import LANGUAGES, choose_language, format_day, format_month, localized
from portal.idempotency.keys import new_key
from portal.members.current import find_current_member
from portal.notifications.queries import unread_count
from portal.permissions.current import current_rights, may
from portal.phones import mask_phone
from portal.plugin_host.cards import render_card
from portal.plugin_host.state import host
from portal.plugin_host.tokens import OpenLink
from portal.projects.current import my_projects
from portal.projects.queries import address_title, unit_title
from portal.staff.nav import staff_nav
from portal.staff.words import action_title
from portal.tracing import request_id
from portal.web.headers import csp_nonce
from portal.words import role_title, title_of

TONES = ("brand", "gold", "rose", "blue", "violet", "green")


def configure_layout(app: Flask) -> None:
    """Give templates their globals and filters."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        localized=localized,
        day=format_day,
        moment=_moment,
        mask_phone=mask_phone,
        tone=_tone,
        month=format_month,
        number=format_decimal,
    )
    app.jinja_env.globals.update(
        LANGUAGES=LANGUAGES,
        asset=_asset,
        csp_nonce=csp_nonce,
        may=may,
        member_places=member_places,
        request_id=request_id,
        current_rights=current_rights,
        role_title=role_title,
        title_of=title_of,
        ClaimState=ClaimState,
        new_key=new_key,
        render_card=render_card,
        staff_nav=staff_nav,
        unread_count=unread_count,
        unit_title=unit_title,
        address_title=address_title,
        action_title=action_title,
    )
    app.context_processor(_context)
    app.url_defaults(_same_project)
    app.url_defaults(_same_link)


def language_tag() -> str:
    """Return the BCP 47 tag of the reader's language."""
    return {"zh_Hans_CN": "zh-Hans", "zh_Hant": "zh-Hant"}.get(choose_language(), "en")


def _context() -> dict[str, Any]:
    account = g.get("account")
    return {
        "club": current_club(),
        "account": account,
        # Asked for when a template looks at it: most staff pages never do.
        "member": LocalProxy(find_current_member),
        "project": g.get("project"),
        "my_projects": my_projects,
        "lang": language_tag(),
        "language": choose_language(),
        "large_type": (account.large_type if account else request.cookies.get("type") == "large"),
    }


def _same_project(endpoint: str, values: dict[str, Any]) -> None:
    """Links inside a project stay in it unless they name another."""
    project = g.get("project")
    if project is None or "project" in values:
        return
    if current_app.url_map.is_endpoint_expecting(endpoint, "project"):
        values["project"] = project.slug


def _same_link(endpoint: str, values: dict[str, Any]) -> None:
    """Links of a plugin's page that a token opened keep the token."""
    link: OpenLink | None = g.get("link")
    if link is None or "token" in values:
        return
    if host().plugin_of(endpoint.rpartition(".")[0]) != link.row.plugin:
        return
    if current_app.url_map.is_endpoint_expecting(endpoint, "token"):
        values["token"] = link.secret


def _asset(name: str) -> str:
    """Return a static file's address and the time of its last change: caches may keep it."""
    return _address(request.script_root, name)


@lru_cache(maxsize=256)
def _address(root: str, name: str) -> str:
    return url_for("static", filename=name, v=_version(name))


def _version(name: str) -> str:
    file = Path(__file__).parent.parent / "static" / name
    return format(int(file.stat().st_mtime), "x") if file.exists() else "0"


def _moment(value: datetime) -> str:
    """Show a moment in the project's time zone: 11月26日 21:14."""
    project = g.get("project")
    zone = project.time_zone if project is not None else current_club().time_zone
    local = value.astimezone(ZoneInfo(zone))
    return f"{format_day(local.date())} {format_datetime(local, 'HH:mm', rebase=False)}"


def _tone(text: str) -> str:
    """Return the colour class of an avatar: the same for the same name."""
    return "c-" + TONES[sum(map(ord, text)) % len(TONES)]

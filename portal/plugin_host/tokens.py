"""Links that plugins give away: issued and kept as hashes here, opened by the gate."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from portal import clock
from portal.accounts.flow import our_address
from portal.accounts.models import Account, AccountState
from portal.crypto import token_hash
from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.plugin_host.models import PluginToken
from portal.plugin_host.refs import MemberRef, ProjectRef, TokenRef, member_ref, project_ref
from portal.plugin_host.state import host, is_on, is_on_somewhere
from portal.projects.current import belonging_of
from portal.projects.models import Project

MOST_SUBJECT = 200
_BYTES = 24
_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class OpenLink:
    """A link that opens: its row, whose it is, and what plugins see of it."""

    row: PluginToken
    project: Project | None
    ref: TokenRef
    secret: str = field(repr=False)


def issue_token(
    *,
    plugin: str,
    purpose: str,
    project: ProjectRef | None = None,
    member: MemberRef | None = None,
    expires_at: datetime | None,
    subject: str = "",
    single_use: bool = False,
) -> str:
    """Return the whole address of a new link, this once: only its hash is kept.

    It is for one project or for one member; with `single_use` it opens nothing more once a POST
    through it was committed. Raises ValueError for a plugin without the address form `token`, for
    neither or both of project and member, and for a purpose or subject out of form.
    """
    loaded = host().loaded.get(plugin)
    if loaded is None or "token" not in loaded.manifest.addresses:
        raise ValueError(f"{plugin!r} has no addresses of the form token")
    if (project is None) == (member is None):
        raise ValueError("a token is for a project or for a member, one of the two")
    if not _PURPOSE.fullmatch(purpose) or len(subject) > MOST_SUBJECT:
        raise ValueError("a purpose is a lower_snake word, a subject has up to 200 characters")
    secret = secrets.token_urlsafe(_BYTES)
    db.session.add(
        PluginToken(
            plugin=plugin,
            token_hash=token_hash(secret),
            purpose=purpose,
            project_id=project.id if project else None,
            member_id=member.id if member else None,
            subject=subject,
            expires_at=expires_at,
            single_use=single_use,
        )
    )
    db.session.flush()
    return our_address(f"/t/{loaded.manifest.slug}/{secret}")


def revoke_tokens(
    *,
    plugin: str,
    purpose: str | None = None,
    project: ProjectRef | None = None,
    member: MemberRef | None = None,
    subject: str | None = None,
) -> int:
    """Let the links of a plugin that fit everything given open nothing more; return how many."""
    where = [PluginToken.plugin == plugin, PluginToken.revoked_at.is_(None)]
    if purpose is not None:
        where.append(PluginToken.purpose == purpose)
    if project is not None:
        where.append(PluginToken.project_id == project.id)
    if member is not None:
        where.append(PluginToken.member_id == member.id)
    if subject is not None:
        where.append(PluginToken.subject == subject)
    revoking = sa.update(PluginToken).where(*where).values(revoked_at=clock.now())
    return len(db.session.scalars(revoking.returning(PluginToken.id)).all())


def find_open(plugin: str, secret: str, *, reading: bool) -> OpenLink | None:
    """Return what a token opens in `plugin`; None for whatever reason it opens nothing.

    One statement, the same whether the token is unknown, ended, revoked or another plugin's; more
    only for one that is good. A link that was used still counts when not `reading`: `spend` tells
    a form sent twice from a second use.
    """
    where = [
        PluginToken.token_hash == token_hash(secret),
        PluginToken.plugin == plugin,
        PluginToken.revoked_at.is_(None),
        sa.or_(PluginToken.expires_at.is_(None), PluginToken.expires_at > clock.now()),
        sa.or_(PluginToken.member_id.is_(None), Member.state == MemberState.ACTIVE),
        sa.or_(PluginToken.member_id.is_(None), Account.state == AccountState.ACTIVE),
    ]
    if reading:
        where.append(PluginToken.used_at.is_(None))
    found = db.session.execute(
        sa.select(PluginToken, Project, Member)
        .outerjoin(Project, Project.id == PluginToken.project_id)
        .outerjoin(Member, Member.id == PluginToken.member_id)
        .outerjoin(Account, Account.id == Member.account_id)
        .where(*where)
    ).first()
    if found is None:
        return None
    row, project, member = found
    if project is not None:
        on = is_on(plugin, project.id)
    else:
        on = is_on_somewhere(plugin, _projects_of(member))
    if not on:
        return None
    ref = TokenRef(
        purpose=row.purpose,
        subject=row.subject,
        project=project_ref(project) if project else None,
        member=member_ref(member) if member else None,
        expires_at=row.expires_at,
    )
    return OpenLink(row, project, ref, secret)


def spend(link: OpenLink) -> bool:
    """Use up a link for one use, in the caller's transaction; False when it was used before."""
    if not link.row.single_use:
        return True
    using = (
        sa.update(PluginToken)
        .where(
            PluginToken.id == link.row.id,
            PluginToken.used_at.is_(None),
            PluginToken.revoked_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(PluginToken.id)
        .execution_options(synchronize_session=False)
    )
    return db.session.scalar(using) is not None


def _projects_of(member: Member) -> Collection[int]:
    belongs = belonging_of(member.id)
    return belongs.owned | belongs.followed

"""Every route that names a thing: another project's, household's or member's thing is not found.

Two worlds have the same things in them. Somebody who may do everything in the first asks for the
second's things by their true ids. The first world's own ids are asked for too, so that the test
would notice if its ids were no good.
"""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from portal import clock
from portal.accounts.models import Passkey, SignIn, SignInMethod
from portal.announcements.models import Announcement
from portal.claims.models import UnitClaim
from portal.columns import new_public_id
from portal.contracts.models import Contract
from portal.crypto import token_hash
from portal.extensions import db
from portal.files.models import StoredFile
from portal.members.models import Person
from portal.notifications.models import Notification
from portal.permissions.models import RoleGrant
from portal.points.models import Proposal
from portal.points.service import post
from portal.points.terms import Holder, Why
from portal.privacy.models import PrivacyRequest, RequestKind, RequestState
from portal.projects.models import Invitation
from portal.roster.models import ImportState, RosterImport
from portal.tiers.models import Override, Scheme
from tests import factories
from tests.api.samples import options_for
from tests.plugins import samples

# What each argument names, by endpoint or else by blueprint.
NAMES = {
    "accounts_api": {"public_id": "sign_in"},
    "announcements_api": {"public_id": "announcement"},
    "claims_api": {"public_id": "claim"},
    "files_api": {"public_id": "file"},
    "members_api": {"public_id": "person"},
    "privacy_api": {"public_id": "export"},
    "projects_api": {"public_id": "unit", "person_id": "ownership", "invitation_id": "invitation"},
    "roster_api": {"public_id": "import"},
    "contracts_api": {"public_id": "contract"},
    "staff_members_api": {"public_id": "member"},
    "staff_tiers_api": {"public_id": "member", "override_id": "override"},
    "tiers": {"public_id": "member", "override_id": "override"},
    "staff_privacy_api.staff_start": {"public_id": "member"},
    "accounts": {"public_id": "sign_in"},
    "accounts.passkey_remove": {"public_id": "passkey"},
    "announcements": {"public_id": "announcement"},
    "claims": {"public_id": "claim"},
    "earning": {"public_id": "member"},
    "files": {"public_id": "file"},
    "members": {"public_id": "member"},
    "notifications": {"public_id": "notification"},
    "notifications_api": {"public_id": "notification"},
    "points": {"public_id": "member", "posting_id": "posting", "proposal_id": "proposal"},
    "points_api": {"posting_id": "posting"},
    "staff_points_api": {
        "public_id": "member",
        "posting_id": "posting",
        "proposal_id": "proposal",
    },
    "privacy": {"public_id": "export"},
    "privacy.staff_start": {"public_id": "member"},
    "members.person": {"public_id": "person"},
    "members.person_remove": {"public_id": "person"},
    "projects": {"public_id": "unit", "person_id": "ownership", "invitation_id": "invitation"},
    "roster": {"public_id": "import"},
    "contracts": {"public_id": "contract"},
    "contract_imports": {"public_id": "contract_import"},
    **samples.names(),
}
# Arguments that name no row: a word of a list, a line of a file, a secret, a project.
WORDS = {
    "project",
    "kind",
    "role",
    "permission",
    "line",
    "number",
    "month",
    "token",
    "slug",
    "name",
    "plugin",
    "filename",
}
# Whoever may use these sees the whole club.
CLUB_WIDE = {
    "permissions.revoke",
    "permissions.account",
    "privacy.staff_show",
    "privacy.staff_confirm",
    "privacy.staff_stop",
    "jobs.show",
    "points.finance_proof",
    "points_finance_api.proof",
    "jobs.retry",
    "jobs.cancel",
    "announcements.centre_show",
    "announcements.centre_edit",
    "announcements.centre_send",
    "announcements.centre_stop",
    "announcements_api.centre_rewrite",
    "announcements_api.centre_send",
    "announcements_api.centre_show",
    "announcements_api.centre_stop",
    "staff_privacy_api.staff_confirm",
    "staff_privacy_api.staff_show",
    "staff_privacy_api.staff_stop",
    "tokens.service_revoke",
    "tokens_api.service_revoke",
    "earning.backtest",
    "earning.version",
    "webhooks.show",
    "webhooks.edit",
    "webhooks.export",
    "webhooks.rotate",
    "webhooks.pause",
    "webhooks.resume",
    "webhooks.test",
    "webhooks.again",
    "webhooks.delete",
    "jobs_api.cancel",
    "jobs_api.retry",
    "jobs_api.show",
    "webhooks_api.service_again",
    "webhooks_api.service_change",
    "webhooks_api.service_deliveries",
    "webhooks_api.service_export",
    "webhooks_api.service_pause",
    "webhooks_api.service_resume",
    "webhooks_api.service_rotate",
    "webhooks_api.service_show",
    "webhooks_api.service_test",
    "webhooks_api.service_delete",
    "staff_api.revoke",
    *samples.club_wide(),
}

# An owner ends a tenant's entry, not the own one; nobody decides on the own claim; the file here
# has no bytes. The features' own tests open these.
REFUSED_TO_ONESELF = {
    "/me/homes/<public_id>/people/<person_id>/end",
    "/p/<project>/staff/claims/<public_id>",
    "/files/<public_id>",
    "/api/v1/p/<project>/staff/claims/<public_id>",
    "/api/v1/files/<public_id>",
    *samples.refused_to_oneself(),
}


def rules_with_ids(app: Flask) -> list[Rule]:
    """Return the routes that name a row."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and rule.arguments - WORDS and rule.endpoint not in CLUB_WIDE
    ]


@pytest.fixture
def worlds(app: Flask) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two projects with the same kinds of things."""
    return _world("own", "王一"), _world("other", "赵二")


def test_every_argument_is_known_here(migrated_app: Flask) -> None:
    unknown = [
        (rule.endpoint, name)
        for rule in rules_with_ids(migrated_app)
        for name in rule.arguments - WORDS
        if name not in _names(rule.endpoint)
    ]
    assert unknown == []


def test_the_things_of_others_are_not_found(
    app: Flask, worlds: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    own, other = worlds
    client = _enter(app, own["account"])
    found = []
    for rule in rules_with_ids(app):
        mixed = [own | {name: other[name]} for name in _names(rule.endpoint).values()]
        used = {_names(rule.endpoint)[name] for name in rule.arguments - WORDS}
        for ids in [other, *mixed]:
            if ids is not other and not any(ids[name] is other[name] for name in used):
                continue
            found += [(m, rule.rule) for m, code in _ask(client, rule, ids) if code != 404]
    assert found == []


def test_an_id_that_names_nothing_is_not_found(
    app: Flask, worlds: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    own = worlds[0]
    client = _enter(app, own["account"])
    nothing = {name: "x" * 22 for name in own if name not in ("account", "project")}
    found = [
        (method, rule.rule)
        for rule in rules_with_ids(app)
        for method, code in _ask(client, rule, {**own, **nothing})
        if code != 404
    ]
    assert found == []


def test_ones_own_things_are_found(
    app: Flask, worlds: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    own = worlds[0]
    client = _enter(app, own["account"])
    missing = [
        rule.rule
        for rule in rules_with_ids(app)
        if "GET" in rule.methods and _open(client, rule, own, "GET") in (403, 404)
    ]
    assert set(missing) == REFUSED_TO_ONESELF


def _ask(client: FlaskClient, rule: Rule, ids: dict[str, Any]) -> list[tuple[str, int]]:
    methods = sorted(rule.methods - {"HEAD", "OPTIONS"})
    return [(method, _open(client, rule, ids, method)) for method in methods]


def _open(client: FlaskClient, rule: Rule, ids: dict[str, Any], method: str) -> int:
    """Return the status of a request; to the JSON API with a token and a body that fits."""
    options: dict[str, Any] = {}
    if rule.rule.startswith("/api/"):
        options = options_for(client.application, rule.rule, method)
        options["headers"] = {"Authorization": f"Bearer {client.token}"}  # type: ignore[attr-defined]
    return client.open(_address(rule, ids), method=method, **options).status_code


def _enter(app: Flask, account: Any) -> FlaskClient:
    """Return a client with a browser's session and a program's token of `account`."""
    client = factories.sign_in(app.test_client(), account)
    client.token = factories.make_token(account)  # type: ignore[attr-defined]
    return client


def _address(rule: Rule, ids: dict[str, Any]) -> str:
    values = {name: ids[thing] for name, thing in _names(rule.endpoint).items()}
    kinds = {"kind": "csv", "line": 1, "number": 1, "project": "own"}
    built = rule.build({k: v for k, v in {**kinds, **values}.items() if k in rule.arguments})
    assert built is not None, rule.rule
    return built[1]


def _names(endpoint: str) -> dict[str, str]:
    return NAMES.get(endpoint) or NAMES.get(endpoint.split(".")[0], {})


def _world(slug: str, name: str) -> dict[str, Any]:
    project = factories.make_project(slug=slug, name=slug)
    account = factories.make_staff("manager", project, display_name=name)
    for role in ("moderator", "auditor"):
        factories.add(RoleGrant(account_id=account.id, role=role, project_id=project.id))
    member = factories.make_member(account=account, name=name)
    unit = factories.make_unit(project)
    ownership = factories.make_ownership(member, unit)
    now = clock.now()
    file = factories.add(
        StoredFile(
            kind="roster", owner_kind="roster_import", owner_key=f"{slug}-import",
            project_id=project.id, uploaded_by_id=account.id, storage_name=f"{slug}-none",
            content_type="text/csv", sha256="0" * 64, size_bytes=1,
        )
    )  # fmt: skip
    rows = {
        "passkey": Passkey(
            account_id=account.id, credential_id=token_hash(slug), public_key=b"x",
            sign_count=0, name="x",
        ),
        "sign_in": SignIn(
            public_id=new_public_id(), account_id=account.id, token_hash=token_hash(slug),
            method=SignInMethod.CODE, last_seen_at=now,
        ),
        "claim": UnitClaim(
            project_id=project.id, member_id=member.id, building="9", number="901",
            address="9--901", name=name, role="owner",
        ),
        "announcement": Announcement(
            project_id=project.id, audience="owners", subject={"zh_Hans_CN": "x"},
            body={"zh_Hans_CN": "x"}, written_by_id=account.id,
        ),
        "notification": Notification(
            account_id=account.id, kind="claims.approved", cause=slug, subject={}, body={}
        ),
        "person": Person(household_id=member.household_id, name="家人", relation="other"),
        "invitation": Invitation(
            unit_id=unit.id, project_id=project.id, role="spouse", name="家人",
            phone_hash=b"0" * 32, token_hash=token_hash(slug + "i"), invited_by_id=member.id,
            expires_at=now + timedelta(days=7),
        ),
        "export": PrivacyRequest(
            kind=RequestKind.EXPORT, member_id=member.id, started_by_id=account.id,
            state=RequestState.READY, due_at=now + timedelta(days=7),
        ),
        "import": RosterImport(
            project_id=project.id, file_id=file.id, started_by_id=account.id,
            state=ImportState.DONE,
        ),
        "contract_import": RosterImport(
            project_id=project.id, file_id=file.id, started_by_id=account.id, kind="contracts",
            state=ImportState.DONE,
        ),
        "contract": Contract(project_id=project.id, unit_id=unit.id, number="1", price=1),
    }  # fmt: skip
    rows["proposal"] = Proposal(
        member_id=member.id, project_id=project.id, kind="award", amount=1, reason="x",
        made_by_id=account.id,
    )  # fmt: skip
    scheme = factories.add(Scheme(key=slug, name={"zh_Hans_CN": "x"}))
    rows["override"] = Override(
        member_id=member.id, scheme_id=scheme.id, project_id=project.id, tier="x", reason="x",
        expires_on=now.date(), made_by_id=account.id,
    )  # fmt: skip
    db.session.add_all(rows.values())
    posting = post(actor=None, holder=Holder.member(member.id), amount=1, key=slug, why=Why("test"))
    db.session.commit()
    ids: dict[str, Any] = {key: row.public_id for key, row in rows.items()}
    ids |= samples.add_samples(project, member) | {
        "file": file.public_id, "member": member.public_id, "unit": unit.public_id,
        "ownership": ownership.public_id, "posting": posting.public_id,
    }  # fmt: skip
    return {**ids, "account": account, "project": slug}

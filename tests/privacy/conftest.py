"""A member with everything that core keeps of people."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.accounts.models import (
    Account,
    CodePurpose,
    Consent,
    OneTimeCode,
    RecoveryCode,
    SignInFailure,
)
from portal.audit.service import record
from portal.claims.models import ClaimEvent, ClaimReason, ClaimState, UnitClaim
from portal.club.models import LegalText
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.pictures import Picture
from portal.files.service import store_picture
from portal.jobs.runner import Runner
from portal.members.models import Member, Person
from portal.members.service import add_person
from portal.plugin_host.models import PluginToken
from portal.projects.models import Project
from portal.projects.service import follow
from tests import factories
from tests.factories import add

NAME, CHILD, PARENT = "欧阳静怡", "欧阳小鹿", "欧阳振国"
EMAIL = "jingyi.ouyang@example.test"
SECRETS = ("静怡", CHILD, PARENT, "jingyi.ouyang", "静怡房产证", "静怡手写说明", "备注静怡")


@dataclass
class World:
    """The member, the account, where they live, and what was sent."""

    member: Member
    account: Account
    project: Project
    phone: str
    claim: UnitClaim
    photo: StoredFile
    child: Person


@pytest.fixture
def world(app: Any) -> World:
    """Somebody with a home, a family, a claim with a photo, codes, tries and staff's words."""
    project = factories.make_project()
    account = factories.make_account(
        email=EMAIL, display_name=NAME, password_hash="x" * 40, totp_secret="s" * 16, locale="en"
    )
    member = factories.make_member(name=NAME, account=account, birth_month=5)
    unit = factories.make_unit(project)
    factories.make_ownership(member, unit)
    factories.make_roster_entry(unit, account, name=NAME, note="备注静怡", claimed_by_id=member.id)
    follow(member=member, project=factories.make_project(slug="siji"))
    today = clock.business_date("Asia/Shanghai")
    child = add_person(
        actor=member, name=CHILD, relation="child", birth_month="2020-04",
        guardian_consents=True, today=today,
    )  # fmt: skip
    add_person(
        actor=member, name=PARENT, relation="parent", birth_month=None,
        guardian_consents=False, today=today,
    )  # fmt: skip
    claim = UnitClaim(
        project_id=project.id, member_id=member.id, building="静怡手写说明", number="101",
        address="静怡手写说明", name=NAME, role="owner", state=ClaimState.PENDING,
    )  # fmt: skip
    add(claim)
    add(
        ClaimEvent(
            claim_id=claim.id, to_state=ClaimState.PENDING, reason=ClaimReason.SUBMITTED,
            note="静怡手写说明", actor_id=account.id,
        )
    )  # fmt: skip
    picture = Picture(factories.picture_bytes(kind="JPEG"), 800, 600, "静怡房产证.png")
    photo = store_picture(
        actor=account, upload=picture, owner_kind="claim", owner_key=claim.public_id,
        project_id=project.id,
    )  # fmt: skip
    _sign_in_things(account)
    db.session.add(
        PluginToken(
            plugin="hello", token_hash=b"t" * 32, purpose="show", member_id=member.id,
            subject="备注静怡",
        )
    )  # fmt: skip
    for subject in (("member", member.public_id), ("account", account.public_id)):
        record(
            actor=None, action="member.corrected", subject=subject, project_id=None,
            reason="备注静怡",
        )  # fmt: skip
    db.session.commit()
    return World(member, account, project, account.phone or "", claim, photo, child)


def _sign_in_things(account: Account) -> None:
    phone = account.phone or ""
    text = add(
        LegalText(kind="terms", version=1, body={"zh_Hans_CN": "t"}, published_at=clock.now())
    )
    db.session.add(Consent(account_id=account.id, legal_text_id=text.id))
    db.session.add(RecoveryCode(account_id=account.id, code_hash=b"r" * 32))
    common = {
        "purpose": CodePurpose.SIGN_IN, "place_hash": b"p" * 32,
        "expires_at": clock.now() + timedelta(minutes=5),
    }  # fmt: skip
    # One that was asked for before the sign-in: it knows the address only.
    for number, target in enumerate((phone, EMAIL)):
        db.session.add(
            OneTimeCode(
                target=target, target_hash=lookup_hash("code_target", target),
                secret_hash=bytes([number]) * 32, **common,
            )
        )  # fmt: skip
    for identity in (phone, EMAIL, account.public_id):
        db.session.add(
            SignInFailure(
                identity_hash=lookup_hash("identity", identity), place_hash=b"p" * 32,
                tries=1, last_at=clock.now(),
            )
        )  # fmt: skip
    db.session.flush()


@pytest.fixture
def run_jobs(app: Any) -> Any:
    """Do everything that is due now; the clock's own jobs are left out."""

    def run() -> None:
        db.session.commit()
        runner = Runner(app, kinds=("privacy.*",))
        runner.schedule.fill_slots = lambda: None  # type: ignore[method-assign]
        runner.run_once()
        db.session.expire_all()

    return run

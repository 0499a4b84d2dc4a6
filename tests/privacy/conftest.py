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
    Passkey,
    RecoveryCode,
    SignIn,
    SignInFailure,
)
from portal.audit.service import record
from portal.claims.models import ClaimEvent, ClaimReason, ClaimState, UnitClaim
from portal.club.models import LegalText
from portal.contracts.models import Contract, ContractState, Fee, Payment
from portal.crypto import lookup_hash
from portal.earning.models import Decision
from portal.extensions import db
from portal.facts.service import NewFact
from portal.facts.service import record as keep_fact
from portal.files.models import StoredFile
from portal.files.pictures import Picture
from portal.files.service import store_picture
from portal.jobs.runner import Runner
from portal.members.models import Member, Person
from portal.members.service import add_person
from portal.messages.models import OutgoingMessage
from portal.notifications.models import Notification, NotificationChoice, QuietHours
from portal.plugin_host.models import PluginToken
from portal.points.service import post
from portal.points.terms import Holder, Why
from portal.projects.models import Invitation, Project, Unit
from portal.projects.service import follow
from portal.tiers.kinds import Move
from portal.tiers.models import History, Override, Scheme, SchemeVersion
from portal.tiers.standard import FORM
from portal.tokens.models import ApiToken
from tests import factories
from tests.factories import add
from tests.plugins.samples import add_samples

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
    picture = Picture(factories.picture_bytes(kind="JPEG"), 40, 40, "插件照片.jpg")
    store_picture(
        actor=account, upload=picture, owner_kind="hello.photo", owner_key="hello",
        project_id=project.id,
    )  # fmt: skip
    _things_of_other_features(world_of=member, account=account, unit=unit)
    add_samples(project, member)
    for subject in (("member", member.public_id), ("account", account.public_id)):
        record(
            actor=None, action="member.corrected", subject=subject, project_id=None,
            reason="备注静怡",
        )  # fmt: skip
    db.session.commit()
    return World(member, account, project, account.phone or "", claim, photo, child)


def _things_of_other_features(*, world_of: Member, account: Account, unit: Unit) -> None:
    now = clock.now()
    sign_in = SignIn(
        public_id="s" * 22, account_id=account.id, token_hash=b"s" * 32, method="code",
        last_seen_at=now,
    )  # fmt: skip
    message = {"zh_Hans_CN": f"{NAME}，您好", "en": NAME}
    db.session.add_all(
        [
            sign_in,
            Notification(
                account_id=account.id, kind="claims.approved", cause="c", subject=message,
                body=message,
            ),
            NotificationChoice(
                account_id=account.id, kind="claims.approved", channel="mail", wanted=True
            ),
            QuietHours(account_id=account.id, begins=1, ends=2),
            OutgoingMessage(
                channel="mail", about="claims.approved", account_id=account.id, address=EMAIL,
                body=NAME, hint="j***@example.test",
            ),
            Invitation(
                unit_id=unit.id, project_id=unit.project_id, role="spouse", name=PARENT,
                phone_hash=b"i" * 32, token_hash=b"i" * 32, invited_by_id=world_of.id,
                expires_at=now,
            ),
        ]
    )  # fmt: skip
    db.session.flush()
    db.session.add(
        ApiToken(
            kind="member", name=f"{NAME}的小程序", account_id=account.id, sign_in_id=sign_in.id,
            token_hash=b"a" * 32, hint="abcd",
        )
    )  # fmt: skip
    post(
        actor=None, holder=Holder.member(world_of.id), amount=5000, key="k",
        why=Why("test.done", note="备注静怡"),
    )  # fmt: skip
    new = NewFact(
        "member.joined", "k", world_of.joined_on, member_id=world_of.id,
        household_id=world_of.household_id,
    )  # fmt: skip
    fact = keep_fact(new=new).fact
    db.session.add(
        Decision(
            fact_id=fact.id, member_id=world_of.id, rule="welcome", version=1, outcome="refused",
            reason="nothing",
        )
    )  # fmt: skip
    db.session.flush()
    _things_of_contracts_and_tiers(world_of, account, unit)


def _things_of_contracts_and_tiers(member: Member, account: Account, unit: Unit) -> None:
    day, where = member.joined_on, {"project_id": unit.project_id}
    whose = {"member_id": member.id, "household_id": member.household_id}
    contract = add(
        Contract(
            **where, **whose, unit_id=unit.id, number="BJ-1", price=100, signed_on=day,
            state=ContractState.SIGNED,
        )
    )  # fmt: skip
    scheme = add(Scheme(key="club", name={"en": "Club"}))
    version = add(SchemeVersion(scheme_id=scheme.id, version=1, body=FORM))
    of_scheme = {"member_id": member.id, "scheme_id": scheme.id}
    db.session.add_all(
        [
            Payment(
                **where, contract_number="BJ-1", contract_id=contract.id, percent=10, amount=10,
                paid_on=day,
            ),
            Fee(
                **where, **whose, unit_id=unit.id, period="2024-10", due_on=day, amount=10,
                paid_on=day,
            ),
            History(
                **of_scheme, version_id=version.id, number=1, move=Move.FIRST, day=day,
                to_tier="blue", figures={},
            ),
            Override(
                **of_scheme, tier="gold", reason="-", expires_on=day, made_by_id=account.id
            ),
        ]
    )  # fmt: skip
    db.session.flush()


def _sign_in_things(account: Account) -> None:
    phone = account.phone or ""
    text = add(
        LegalText(kind="terms", version=1, body={"zh_Hans_CN": "t"}, published_at=clock.now())
    )
    db.session.add(Consent(account_id=account.id, legal_text_id=text.id))
    db.session.add(RecoveryCode(account_id=account.id, code_hash=b"r" * 32))
    key = {"credential_id": b"k" * 16, "public_key": b"k", "sign_count": 0}
    db.session.add(Passkey(account_id=account.id, name="静怡的手机", **key))
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

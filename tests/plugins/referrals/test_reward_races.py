"""Stages from processes, repeated and out of order: each reward once, budgets to the edge."""

import base64
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from plugins.referrals import consent, posting, stages
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Budget, Campaign, EarlyStage, Lead, Quota, Referrer, Reward
from plugins.referrals.states import Buyer, State
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.plugin_host.refs import project_ref
from portal.projects.models import Project
from portal.sdk import points_balance
from tests import factories
from tests.plugins.referrals.conftest import code_of, make_rules
from tests.plugins.referrals.test_consent import E164
from tests.plugins.referrals.test_races import at_once
from tests.plugins.referrals.test_rewards import budget, promise, rewards, sell, used

ROOT = Path(__file__).parents[3]
STAGES = ("subscribed", "signed", "paid")
PROCESSES, THREADS = 2, 3
WORKER = """
import sys
from tests.plugins.referrals.test_reward_races import work
work(*sys.argv[1:])
"""


def work(url: str, token: str, codes: str, referrer: str) -> None:
    """Report one friend in the instant that the parent gives, then send every stage of every lead
    to the API, each thread in an order of its own."""
    from portal import create_app
    from portal.config import Settings

    settings = Settings(
        home=Path(os.environ["PORTAL_HOME"]),
        database_url=url,
        secret_key="not-a-secret-in-tests-" + "x" * 32,
        data_keys={1: base64.urlsafe_b64decode("A" * 43 + "=")},
        base_url="http://localhost",
        demo=True,
        testing=True,
        log_level="WARNING",
    )
    app = create_app(settings)
    failed: list[BaseException] = []
    print("ready", flush=True)
    sys.stdin.readline()
    with app.app_context():
        found = db.session.get_one(Referrer, int(referrer))
        try:
            consent.agree_by_link(
                project=project_ref(db.session.get_one(Project, found.project_id)),
                referrer=found, name="周先生", phone=E164, words="同意", at=clock.now(),
            )  # fmt: skip
            db.session.commit()
        except ReferralError as error:
            if error.code != "LeadProtectedByOther":
                raise

    def send(number: int) -> None:
        items = [(code, stage) for code in codes.split(",") for stage in STAGES]
        random.Random(f"{referrer}.{number}").shuffle(items)
        client, on = app.test_client(), clock.business_date("Asia/Shanghai").isoformat()
        try:
            for code, stage in items:
                answer = client.post(
                    "/api/v1/p/binjiang/referrals/staff/stages",
                    json={"items": [{"code": code, "stage": stage, "on": on}]},
                    headers={"Authorization": f"Bearer {token}"},
                )
                assert answer.status_code == 200, answer.text
                assert answer.json["items"][0]["result"] in ("done", "repeated", "waiting")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def one_stage(number: int, stage: str) -> bool:
    """Send one stage; whether it has arrived, now or before."""
    lead = db.session.get_one(Lead, number)
    try:
        stages.advance(
            actor=None,
            project=project_ref(db.session.get_one(Project, lead.project_id)),
            lead=lead,
            rules=db.session.get_one(Campaign, lead.campaign_id),
            to=State(stage),
            on=clock.business_date("Asia/Shanghai"),
            at=clock.now(),
            buyer=Buyer.FRIEND,
        )
        db.session.commit()
    except ReferralError:
        db.session.rollback()
        return False
    return True


@pytest.mark.postgresql
def test_stages_from_several_processes_reward_once_and_keep_to_the_budget(app, place, make_lead):
    for stage in STAGES:
        promise(place, stage, 1_000_000)
    budget(place, 6_000_000)
    owners = [place.member, factories.make_owner(place.project)]
    leads = [make_lead(member=owner) for owner in (*owners, owners[0])]
    for lead in leads:
        sell(place, lead)
    codes = ",".join(lead.pass_code for lead in leads)
    token = factories.make_service_token("referrals.sales", project=place.project)
    reporters = [code_of(place, factories.make_owner(place.project)).id for _ in range(PROCESSES)]
    db.session.remove()
    config = app.extensions["portal.settings"]
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, token, codes, str(reporter)],
            cwd=ROOT,
            env={**os.environ, "PORTAL_HOME": str(config.home), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for reporter in reporters
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    failed = [worker.communicate()[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * PROCESSES, failed
    reported = sa.select(sa.func.count(Lead.id)).where(Lead.referrer_id.in_(reporters))
    assert db.session.scalar(reported) == 1
    assert db.session.scalar(sa.select(sa.func.count(EarlyStage.id))) == 0
    states = [state for state, _, _ in rewards()]
    assert (states.count("posted"), states.count("held"), len(states)) == (6, 3, 9)
    assert used(Budget) == used(Quota) == 6_000_000
    pairs = sa.select(sa.func.count(sa.distinct(Reward.lead_id * 1_000_000 + Reward.line_id)))
    assert db.session.scalar(pairs) == 9
    assert len(set(db.session.scalars(sa.select(Reward.posting_id)))) == 7
    assert sorted(db.session.scalars(sa.select(Lead.state))) == ["paid"] * 3 + ["reported"]
    earned = sa.select(sa.func.sum(Reward.amount)).where(Reward.state == "posted")
    assert db.session.scalar(earned) == 6_000_000


def test_two_clerks_approve_one_reward_once(app, place, make_lead):
    promise(place, "visited", 200_000, at_once=False)
    sell(place, make_lead())
    number = db.session.scalars(sa.select(Reward.id)).one()
    clerks = [factories.make_staff("finance", place.project).id for _ in range(4)]
    project, owner = place.ref, place.owner

    def approving(clerk):
        def act():
            posting.approve(
                actor=db.session.get_one(Account, clerk),
                project=project,
                reward=db.session.get_one(Reward, number),
            )
            return True

        return act

    outcomes = at_once(app, [approving(clerk) for clerk in clerks])
    assert outcomes == {"done": 1, "NOT_EARNED": 3}
    assert points_balance(owner).available == 200_000


def test_a_cap_holds_at_its_edge(app, place, make_lead):
    place.rules = make_rules(place.project, version=2, cap_points=500_000)
    promise(place, "subscribed", 200_000)
    leads = [make_lead() for _ in range(4)]
    for lead in leads:
        sell(place, lead)
    ids = [lead.id for lead in leads]
    outcomes = at_once(app, [lambda n=n: one_stage(n, "subscribed") for n in ids])
    assert outcomes == {"done": 4}
    assert sorted(state for state, _, _ in rewards()) == ["held", "held", "posted", "posted"]
    assert used(Quota) == 400_000

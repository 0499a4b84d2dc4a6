"""Several processes at once: owners, neighbours, staff, moderators and timers at the same few
cases; logs fold to what is shown, counters are recounts."""

import base64
import os
import random
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from plugins.complaints import deciding, handling, merging, posting, timing
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Case, Clock, LogEntry
from plugins.complaints.states import Level, State
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host.refs import member_ref, project_ref
from portal.projects.models import Project
from tests import factories
from tests.forks import start_code
from tests.plugins.complaints.conftest import sound

ROOT = Path(__file__).parents[3]
PROCESSES = 3
ACTS = int(os.environ.get("PORTAL_TEST_STORM", "40"))
WORK = "import sys; from tests.plugins.complaints.test_storm import work; work(*sys.argv[1:])"


def work(url, project_id, clerk_id, guard_id, seed):
    """Be one process of the storm."""
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
    with create_app(settings).app_context():
        done = storm(int(project_id), int(clerk_id), int(guard_id), random.Random(seed))
    print(sum(done.values()), flush=True)


def storm(project_id, clerk_id, guard_id, chance):
    """Do so many acts at random cases, whoever may and in whatever state; count what came of it."""
    project = project_ref(db.session.get_one(Project, project_id))
    people = [member_ref(each) for each in db.session.scalars(sa.select(Member))]
    staff, done = (clerk_id, guard_id), Counter()
    for _ in range(ACTS):
        try:
            act(project, people, [db.session.get_one(Account, each) for each in staff], chance)
            db.session.commit()
            done["done"] += 1
        except CaseError as error:
            db.session.rollback()
            done[error.code] += 1
    db.session.remove()
    return done


def act(project, people, staff, chance):
    """Do one thing at one case, as its page showed it."""
    cases = db.session.scalars(sa.select(Case)).all()
    case, other, who = chance.choice(cases), chance.choice(cases), chance.choice(people)
    running = sa.select(Clock.id).where(Clock.case_id == case.id, Clock.running.is_(True))
    clocks = db.session.scalars(running).all()
    owner = next(each for each in people if each.id == case.member_id)
    at = {"case_id": case.id, "project": project}
    shown = {**at, "version": case.version}
    official = {"actor": staff[0], "rank": Level.GROUP, "body": "在办", **shown}
    rating = chance.randint(1, 5)
    chance.choice(
        [
            lambda: posting.reply(member=who, body="我家也是", **at),
            lambda: posting.me_too(case_id=case.id, member=who),
            lambda: posting.not_me(case_id=case.id, member=who),
            lambda: handling.answer(step="reply", **official),
            lambda: handling.answer(step="propose", **official),
            lambda: handling.answer(step="ask", **official),
            lambda: deciding.accept(member=owner, rating=rating, **shown),
            lambda: deciding.refuse(member=owner, reason="还在响", **shown),
            lambda: merging.merge(actor=staff[1], into_id=other.id, **at),
            lambda: merging.unmerge(actor=staff[1], **at),
            lambda: [timing.ring(clock_id=each, **at) for each in clocks],
        ]
    )()


def test_nothing_of_a_storm_breaks_a_case(app, place, make_case):
    for number in range(3):
        factories.make_owner(place.project, name=f"业主{number}")
    for title, member in (("电梯异响", place.member), ("电梯有声音", place.neighbour)):
        make_case(title, member=member)
        make_case(f"{title}，晚上更响", member=member)
    # Half of the clocks are over already: the timers of all processes find the same ones.
    db.session.execute(
        sa.update(Clock).where(Clock.kind == "first_reply").values(due_at=Clock.created_at)
    )
    db.session.commit()
    guard = factories.make_staff("moderator", place.project)
    about = (place.project.id, place.clerk.id, guard.id)
    if db.engine.dialect.name == "sqlite":
        # One writer at a time: processes would wait for each other.
        assert sum(storm(*about, random.Random("1")).values()) == ACTS
    else:
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        home = str(app.extensions["portal.settings"].home)
        env = {**os.environ, "PORTAL_HOME": home, "PYTHONPATH": str(ROOT)}
        db.session.remove()
        running = [
            start_code(WORK, url, *map(str, about), str(seed), env=env, cwd=ROOT)
            for seed in range(PROCESSES)
        ]
        said = [each.communicate(timeout=240)[0] for each in running]
        assert [text.split()[-1:] for text in said] == [[str(ACTS)]] * PROCESSES, said
    for case in db.session.scalars(sa.select(Case)).all():
        found = sound(case)
        steps = sa.select(LogEntry).where(LogEntry.case_id == found.id)
        log = db.session.scalars(steps).all()
        assert sum(entry.step == "breach" for entry in log) == db.session.scalar(
            sa.select(sa.func.count(Clock.id)).where(
                Clock.case_id == found.id, Clock.breached_at.is_not(None)
            )
        )
        assert (found.state == State.MERGED) == (found.merged_into_id is not None)
    kinds = set(db.session.scalars(sa.select(LogEntry.step)))
    assert {"breach", "reply"} & kinds

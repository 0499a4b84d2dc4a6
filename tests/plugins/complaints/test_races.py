"""Many at once, each in a thread of its own: the log folds to the state, counters are recounts."""

import threading
from collections import Counter

import sqlalchemy as sa

from plugins.complaints import casework, deciding, handling, merging, posting, timing
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Case, Category, Clock, LogEntry
from plugins.complaints.posting import Draft
from plugins.complaints.states import Frontline, Level, Ring, State
from portal.accounts.models import Account
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from portal.sdk import homes_of
from tests import factories
from tests.plugins.complaints.conftest import sound


def at_once(app, acts):
    """Run every act in a thread, all beginning together; return what came of them."""
    db.session.rollback()  # Outside a request even reading holds SQLite's one writer.
    start, outcomes = threading.Barrier(len(acts)), Counter()

    def work(act):
        with app.app_context():
            start.wait()
            try:
                act()
                db.session.commit()
                outcomes["done"] += 1
            except CaseError as error:
                db.session.rollback()
                outcomes[error.code] += 1
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


def test_timers_replies_and_me_toos_at_once(app, place, make_case):
    case = make_case()
    number, project = case.id, place.ref
    clock = db.session.scalars(sa.select(Clock).where(Clock.kind == "first_reply")).one()
    ring, late = clock.id, clock.due_at
    people = [member_ref(factories.make_owner(place.project)) for _ in range(4)]

    def timer():
        with casework.acting_at(late.replace(year=late.year + 1)):
            timing.ring(case_id=number, clock_id=ring, project=project)

    def reply(member):
        posting.reply(case_id=number, member=member, project=project, body="我家也是")

    def join(member):
        posting.me_too(case_id=number, member=member)

    acts = [timer, timer]
    for person in people:
        acts += [lambda who=person: reply(who), lambda who=person: join(who)]
        acts.append(lambda who=person: join(who))
    assert at_once(app, acts) == {"done": len(acts)}
    found = sound(case)
    assert (found.level, found.replies, found.households) == (Level.GROUP, 4, 5)
    steps = db.session.scalars(sa.select(LogEntry.step).where(LogEntry.case_id == number)).all()
    assert Counter(steps) == {"submit": 1, "breach": 1}


def test_accept_and_refuse_and_two_writers_have_one_effect(app, place, make_case):
    case = make_case()
    number, project, clerk, owner = case.id, place.ref, place.clerk.id, place.owner

    def propose():
        handling.answer(
            actor=db.session.get(Account, clerk),
            rank=Level.PROJECT,
            case_id=number,
            project=project,
            step="propose",
            body="已修好",
            version=1,
        )

    assert at_once(app, [propose, propose]) == {"done": 1, "STALE": 1}
    version = sound(case).version
    decision = {"case_id": number, "member": owner, "project": project, "version": version}
    acts = [
        lambda: deciding.accept(rating=5, **decision),
        lambda: deciding.refuse(reason="没有修好", **decision),
        lambda: deciding.withdraw(**decision),
    ]
    assert at_once(app, acts) == {"done": 1, "STALE": 2}
    found = sound(case)
    assert found.state in (State.CLOSED_SATISFIED, State.IN_PROGRESS, State.WITHDRAWN)


def test_numbers_of_cases_are_gapless_when_many_complain_at_once(app, place):
    project = place.ref
    people = [member_ref(factories.make_owner(place.project)) for _ in range(5)]
    homes = {person.id: homes_of(person, project)[0] for person in people}

    def complain(person):
        category = db.session.scalars(sa.select(Category).where(Category.key == "lift")).one()
        draft = Draft(
            category=category,
            home=homes[person.id],
            title="电梯异响",
            body="晚上很响",
            ring=Ring.ALIAS,
            frontline=Frontline.ALIAS,
        )
        posting.submit(member=person, project=project, draft=draft)

    acts = [lambda who=person: complain(who) for person in people]
    assert at_once(app, acts) == {"done": 5}
    numbers = db.session.scalars(sa.select(Case.number).order_by(Case.number)).all()
    assert numbers == [1, 2, 3, 4, 5]


def test_merges_me_toos_replies_and_timers_at_once(app, place, make_case):
    first, second = make_case("电梯异响"), make_case("电梯有声音", member=place.neighbour)
    cases, project = (first.id, second.id), place.ref
    guard = factories.make_staff("moderator", place.project).id
    people = [member_ref(factories.make_owner(place.project)) for _ in range(3)]
    rings = db.session.execute(
        sa.select(Clock.case_id, Clock.id, Clock.due_at).where(Clock.kind == "first_reply")
    ).all()

    def merge(case, into):
        actor = db.session.get(Account, guard)
        merging.merge(actor=actor, case_id=case, into_id=into, project=project)

    def timer(case, clock, due_at):
        with casework.acting_at(due_at.replace(year=due_at.year + 1)):
            timing.ring(case_id=case, clock_id=clock, project=project)

    acts = [lambda: merge(*cases), lambda: merge(*reversed(cases))]
    acts += [lambda at=ring: timer(*at) for ring in rings for _twice in range(2)]
    for person in people:
        for case in cases:
            acts.append(lambda who=person, to=case: posting.me_too(case_id=to, member=who))
        acts.append(
            lambda who=person: posting.reply(
                case_id=cases[0], member=who, project=project, body="我家也是"
            )
        )
    outcomes = at_once(app, acts)
    assert set(outcomes) <= {"done", "NO_MERGE", "CLOSED"}
    assert outcomes["NO_MERGE"] == 1
    states = [sound(case).state for case in (first, second)]
    assert states.count(State.MERGED) == 1
    steps = db.session.execute(sa.select(LogEntry.case_id, LogEntry.step)).all()
    assert max(Counter(step for step in steps if step[1] == "breach").values(), default=0) <= 1

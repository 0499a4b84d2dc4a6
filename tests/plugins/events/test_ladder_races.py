"""Two settle and draw at once, in processes of their own: one mark or award for each registration,
one draw."""

import base64
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import sqlalchemy as sa

from plugins.events import settling
from plugins.events.ballot.jobs import draw_due_ones
from plugins.events.ballot.models import Draw
from plugins.events.ladder.models import Penalty
from plugins.events.models import Occurrence, Registration
from plugins.events.states import Seat, State
from portal.audit.models import AuditEntry
from portal.earning.models import Fact
from portal.extensions import db
from tests import factories
from tests.forks import FORKS
from tests.plugins.events.test_ballot import close, drawn_activity, entering
from tests.plugins.events.test_door import let_in, soon
from tests.plugins.events.test_ladder import come, rules
from tests.plugins.events.test_registering import quota_of
from tests.plugins.events.test_waiting import people

__all__ = ["drawn_activity", "people"]


def settle(number):
    """Settle as a job does, but without the queue that would let only one run."""
    settling.settle(
        SimpleNamespace(
            payload={"occurrence": number}, done=0, checkpoint=lambda **_: db.session.commit()
        )
    )
    db.session.commit()


def draw_due():
    """Draw as the clock does, but without the queue that would let only one run."""
    draw_due_ones(SimpleNamespace(done=0, checkpoint=lambda **_: db.session.commit()))
    db.session.commit()


def work(url, home, number, both):
    """Be one process; both are there before either begins."""
    from portal import create_app
    from portal.config import Settings

    app = create_app(
        Settings(
            home=Path(home),
            database_url=url,
            secret_key="not-a-secret-in-tests-" + "x" * 32,
            data_keys={1: base64.urlsafe_b64decode("A" * 43 + "=")},
            base_url="http://localhost",
            demo=True,
            testing=True,
            log_level="WARNING",
        )
    )
    with app.app_context():
        both.wait(120)
        draw_due()
        settle(number)


def test_two_jobs_mark_award_and_draw_once(app, place, people, drawn_activity, make_activity):
    rules(place)
    drawn = drawn_activity(capacity=3)
    for _ in range(5):
        entering(place, drawn, people())
    close(drawn)
    occurrence = soon(make_activity)
    made = [come(place, occurrence, factories.make_owner(place.project)) for _ in range(6)]
    for each in made[:2]:
        let_in(place, occurrence, each)
    mine = sa.update(Occurrence).where(Occurrence.id == occurrence.id)
    db.session.execute(mine.values(state=State.SETTLED))
    db.session.commit()
    number = occurrence.id
    db.session.remove()
    if db.engine.dialect.name == "postgresql":
        home = str(app.extensions["portal.settings"].home)
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        both = FORKS.Barrier(2)
        workers = [FORKS.Process(target=work, args=(url, home, number, both)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(120)
        assert [worker.exitcode for worker in workers] == [0, 0]
    else:
        # One writer at a time: one after the other.
        for _job in range(2):
            draw_due()
            settle(number)
    # As if nothing were written down yet: marks and awards are made once even then.
    db.session.execute(sa.update(Registration).values(settled_at=None))
    db.session.commit()
    settle(number)
    found = db.session.scalars(sa.select(Penalty.registration_id)).all()
    assert len(found) == len(set(found)) == 4
    mine = sa.select(Registration.state).where(Registration.occurrence_id == number)
    assert Counter(db.session.scalars(mine)) == {Seat.ATTENDED: 2, Seat.NO_SHOW: 4}
    awards = sa.select(sa.func.count(Fact.id)).where(Fact.source == "events.attended")
    assert db.session.scalar(awards) == 2
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Draw)) == 1
    acts = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert (acts.count("events.freeze"), acts.count("events.draw")) == (1, 1)
    assert quota_of(drawn).held + quota_of(drawn).confirmed == 3

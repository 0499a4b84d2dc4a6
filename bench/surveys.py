"""The results of a large survey on PostgreSQL, uncached.

    python -m bench.surveys [--ballots N] [--rounds N]

Prints medians of one process: each kind of count alone, then everything that the page of results
counts and computes, without its template. Goal: 100,000 ballots of 20 questions in at most 0.5 s.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import sqlalchemy as sa

from bench.forum import application, say
from plugins.surveys.figures.counting import FIELDS, counts, joint
from plugins.surveys.models import Wave
from plugins.surveys.results.reading import results_of
from plugins.surveys.states import State
from portal import clock
from portal.extensions import db
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugins.surveys.waves import bring, make_wave

QUESTIONS = 20
_FILL = """
    INSERT INTO surveys_ballot (id, wave_id, named, project_id, sealed, positions, building, tier,
        stage, language, flags)
    SELECT g, :wave, true, :project, false,
        (SELECT array_agg((1 + ((g * (i + 7) * 31 + i * i * 17) % 5))::smallint ORDER BY i)
            FROM generate_series(1, :questions) i),
        (g % 12)::text, '', 'senior', '', 0
    FROM generate_series(1, :ballots) g
"""


def fill(ballots: int) -> Wave:
    """Return a closed wave with so many ballots."""
    roles = ("satisfaction", "again", "recommend")
    questions = [
        {
            "key": f"q{number}",
            "type": "rating",
            "text": {"zh_Hans_CN": f"第 {number} 题"},
            "dimension": f"d{number % 5}",
            **({"role": roles[number - 1]} if number <= len(roles) else {}),
        }
        for number in range(1, QUESTIONS + 1)
    ]
    block = {"key": "b1", "title": {"zh_Hans_CN": "问题"}, "questions": questions}
    project = factories.make_project()
    switch_on("surveys", project)
    wave = make_wave(project.id, instrument={"format": 1, "blocks": [block]})
    given = {"wave": wave.id, "project": project.id, "questions": QUESTIONS, "ballots": ballots}
    db.session.execute(sa.text(_FILL), given)
    db.session.commit()
    bring(wave, State.CLOSED, closed_at=clock.now())
    return wave


def median(act: Callable[[], object], rounds: int) -> float:
    """Return the median milliseconds of an act."""
    spent = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        spent.append(1000 * (time.perf_counter() - begun))
    return statistics.median(spent)


def main() -> int:
    """Measure, and return 1 when the goal is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ballots", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=9)
    chosen = options.parse_args()
    with application() as app, app.app_context():
        wave = fill(chosen.ballots)
        acts: dict[str, Callable[[], object]] = {
            "all distributions": lambda: counts(wave.id),
            "loyalty trio": lambda: joint(wave.id, [0, 1, 2]),
            "one by stratum": lambda: joint(wave.id, [0], by=FIELDS),
            "all figures of the page": lambda: results_of(wave, by="building"),
        }
        say(f"{chosen.ballots:,} ballots, {QUESTIONS} questions; median of {chosen.rounds}")
        took = {name: median(act, chosen.rounds) for name, act in acts.items()}
        for name, spent in took.items():
            say(f"{name:24} {spent:8.1f} ms")
        good = took["all figures of the page"] <= 500
        say(f"at most 500 ms: {'PASS' if good else 'FAIL'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

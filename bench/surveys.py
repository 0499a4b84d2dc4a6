"""The results of a large survey on PostgreSQL, uncached, and what sealing and publishing it takes.

    python -m bench.surveys [--ballots N] [--rounds N]

A wave that is published, and the next one of the same survey that is closed, each of `--ballots`.
Prints medians of one process: each kind of count alone, then the whole page of results as a leader
opens it (signed in, through the WSGI application, with the trend). Goal: 100,000 ballots of 20
questions in at most 0.5 s. Sealing and publishing are done once each.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.forum import application, say
from plugins.surveys.figures.counting import FIELDS, counts, joint
from plugins.surveys.models import Survey, Wave
from plugins.surveys.results.reading import results_of
from plugins.surveys.states import State
from plugins.surveys.waves.freezing import hashes
from plugins.surveys.waves.service import take_step
from portal import clock
from portal.extensions import db
from portal.plugin_host.refs import project_ref
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugins.surveys.waves import bring, make_survey, make_wave

QUESTIONS = 20
GOAL_MS = 500
_FRAME = """
    INSERT INTO surveys_participation (public_id, wave_id, named, project_id, unit_key,
        household_id, building, tier, stage, answered, rewarded, reminded, created_at)
    SELECT lpad(CAST(:wave AS text) || '-' || g, 22, '0'), :wave, true, :project, 'h:' || g,
        :household, (g % 12)::text, '', CASE WHEN g % 3 = 0 THEN 'settling' ELSE 'senior' END,
        false, false, 0, now()
    FROM generate_series(1, :units) g
"""
_BALLOTS = """
    INSERT INTO surveys_ballot (id, wave_id, named, project_id, sealed, positions, building, tier,
        stage, language, flags)
    SELECT CAST(:wave AS bigint) * 10000000 + g, :wave, true, :project, false,
        (SELECT array_agg((1 + ((g * (i + 7) * 31 + i * i * 17) % 5))::smallint ORDER BY i)
            FROM generate_series(1, :questions) i),
        (g % 12)::text, '', CASE WHEN g % 3 = 0 THEN 'settling' ELSE 'senior' END, '', 0
    FROM generate_series(1, :ballots) g
"""
_ANSWERED = """
    UPDATE surveys_participation SET answered = true,
        ballot_id = CAST(:wave AS bigint) * 10000000 + CAST(substr(unit_key, 3) AS bigint)
    WHERE wave_id = :wave AND CAST(substr(unit_key, 3) AS bigint) <= :ballots
"""


def instrument() -> dict[str, object]:
    """Return twenty ratings in five dimensions."""
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
    return {"format": 1, "blocks": [block]}


def fill(project: Project, survey: Survey, number: int, ballots: int) -> Wave:
    """Return a closed wave that half as many again were asked in."""
    household = factories.make_owner(project).household_id
    weights = {f"d{each}": 20 for each in range(5)}
    more = {"instrument": instrument(), "weights": weights, "number": number}
    wave = make_wave(project.id, survey=survey, state=State.REVIEW, **more)
    given = {"wave": wave.id, "project": project.id, "questions": QUESTIONS, "ballots": ballots}
    units = {"units": ballots * 3 // 2, "household": household}
    db.session.execute(sa.text(_FRAME), given | units)
    bring(wave, State.FROZEN, reviewed_by=2, frozen_at=clock.now(), **hashes(wave, []))
    bring(wave, State.FIELD)
    db.session.execute(sa.text(_BALLOTS), given)
    db.session.execute(sa.text(_ANSWERED), given)
    bring(wave, State.CLOSED, closed_at=clock.now())
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()
    return wave


def seconds(act: Callable[[], object]) -> float:
    """Return the seconds of an act."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def median(act: Callable[[], object], rounds: int) -> float:
    """Return the median milliseconds of an act."""
    return statistics.median(1000 * seconds(act) for _ in range(rounds))


def publish(project: Project, wave: Wave) -> None:
    """Seal and publish a wave, and say what each took."""
    for step in ("seal", "publish"):

        def take(step: str = step) -> None:
            take_step(
                actor=factories.make_staff("manager", project),
                project=project_ref(project),
                wave=wave,
                step=step,
                version=wave.version,
                at=clock.now(),
            )
            db.session.commit()

        say(f"{step:24} {seconds(take):8.1f} s")


def measured(app: Flask, ballots: int, rounds: int) -> dict[str, float]:
    """Return the medians, in ms, of the parts and of the whole page."""
    project = factories.make_project()
    switch_on("surveys", project)
    survey = make_survey(project.id)
    publish(project, fill(project, survey, 1, ballots))
    wave = fill(project, survey, 2, ballots)
    second = {"totp_secret": "A" * 32, "totp_confirmed_at": clock.now()}
    leader = factories.make_staff("manager", project, **second)
    client: FlaskClient = factories.sign_in(app.test_client(), leader)
    page = f"/p/{project.slug}/staff/surveys/{wave.public_id}/results"
    db.session.commit()

    def look() -> None:
        answer = client.get(page)
        if answer.status_code != 200 or answer.get_data(as_text=True).count("<polyline") != 2:
            raise RuntimeError(f"the page: {answer.status} {answer.location}")

    acts: dict[str, Callable[[], object]] = {
        "all distributions": lambda: counts(wave.id),
        "loyalty trio": lambda: joint(wave.id, [0, 1, 2]),
        "one by stratum": lambda: joint(wave.id, [0], by=FIELDS),
        "all figures of the page": lambda: results_of(wave, by="building"),
        "the whole page": look,
    }
    return {name: median(act, rounds) for name, act in acts.items()}


def main() -> int:
    """Measure, and return 1 when the goal is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ballots", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=9)
    chosen = options.parse_args()
    with application() as app, app.app_context():
        say(f"{chosen.ballots:,} ballots, {QUESTIONS} questions; median of {chosen.rounds}")
        took = measured(app, chosen.ballots, chosen.rounds)
        for name, spent in took.items():
            say(f"{name:24} {spent:8.1f} ms")
    good = took["the whole page"] <= GOAL_MS
    whole = took["the whole page"]
    say(f"the whole page: {whole:.0f} ms, at most {GOAL_MS} ms  {'PASS' if good else 'FAIL'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

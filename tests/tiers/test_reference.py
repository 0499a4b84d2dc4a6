"""The set-based evaluation says of each member what plain Python says, night after night."""

import itertools
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portal.extensions import db
from portal.projects.models import EndReason
from portal.tiers import schema, service
from portal.tiers.models import History, Membership
from portal.tiers.stepping import State, step
from portal.tiers.windows import period_start
from tests.factories import make_member, make_ownership, make_project, make_unit
from tests.tiers.helpers import BEGIN, form, found, night, qualify, tier
from tests.tiers.reference import Person, figures

START = date(2023, 12, 30)
_examples = itertools.count(1)
DAYS = st.integers(0, 900).map(lambda number: START + timedelta(days=number))
WINDOWS = st.sampled_from(
    [
        {"kind": "lifetime"},
        {"kind": "rolling", "months": 1},
        {"kind": "rolling", "months": 12},
        {"kind": "calendar", "span": "month"},
        {"kind": "calendar", "span": "quarter", "back": 1},
        {"kind": "calendar", "span": "year", "back": 1},
        {"kind": "anniversary"},
        {"kind": "anniversary", "back": 1},
        {"kind": "join_month"},
        {"kind": "join_month", "back": 1},
    ]
)
people = st.builds(
    Person,
    joined_on=st.sampled_from(
        [date(2020, 2, 29), date(2022, 8, 31), date(2023, 1, 30), date(2024, 2, 29)]
    ),
    points=st.lists(
        st.tuples(DAYS, st.integers(1, 40).map(lambda n: n * 1000)), max_size=5
    ).map(tuple),
    homes=st.lists(
        st.tuples(DAYS, st.none() | st.integers(1, 400)).map(
            lambda pair: (pair[0], pair[1] and pair[0] + timedelta(days=pair[1]))
        ),
        max_size=2,
    ).map(tuple),
)  # fmt: skip


@st.composite
def forms(draw: Any) -> dict[str, Any]:
    """Return schemes of three tiers with everything that can be set."""
    metrics = [
        {"key": "points", "kind": "points", "window": draw(WINDOWS)},
        {"key": "homes", "kind": "units"},
        {"key": "months", "kind": "tenure"},
    ]
    low = draw(st.integers(1, 20)) * 1000
    first = draw(st.sampled_from([None, {"metric": "months", "at_least": 6}]))
    third = draw(
        st.sampled_from(
            [
                {"metric": "points", "at_least": low * 3},
                {"all": [{"metric": "points", "above": low}, {"metric": "homes", "at_least": 1}]},
            ]
        )
    )
    second = {"any": [{"metric": "homes", "at_least": 2}, {"metric": "points", "at_least": low}]}
    when = draw(st.sampled_from(["at_once", "period_start"]))
    period = draw(st.sampled_from(["month", "quarter", "year", "anniversary"]))
    down = {
        "when": when,
        "to": draw(st.sampled_from(["one_step", "right_level"])),
        "whole_periods": draw(st.integers(0, 1)),
        "grace_days": draw(st.sampled_from([0, 20])),
        "second_chance_days": draw(st.sampled_from([0, 60])),
    }
    if when == "at_once" and not down["grace_days"]:
        down["to"] = "right_level"
    ups = ["at_once"] if period == "anniversary" else ["at_once", "period_start"]
    return form(
        tier("low", first),
        tier("mid", second),
        tier("top", third),
        metrics=metrics,
        period=period,
        up=draw(st.sampled_from(ups)),
        keep_percent=draw(st.sampled_from([100, 80, 50])),
        down=down,
    )


def _write(person: Person, project: Any, number: int) -> Any:
    member = make_member(joined_on=person.joined_on)
    for place, (since, until) in enumerate(person.homes):
        reason = EndReason.SALE if until else None
        unit = make_unit(project, number=f"{number}{place}")
        make_ownership(member, unit, since=since, until=until, end_reason=reason)
    for day, amount in person.points:
        qualify(member, amount // 1000, day)
    return member


@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rules=forms(),
    crowd=st.lists(people, min_size=1, max_size=3),
    nights=st.lists(DAYS, min_size=2, max_size=7).map(lambda days: sorted(set(days))),
    size=st.sampled_from([1, 5_000]),
)
def test_sql_says_what_python_says(rules, crowd, nights, size):
    key = f"example_{next(_examples)}"
    service.install(key=key, name={"en": "X"}, form=rules, begins_on=BEGIN)
    project = make_project(slug=key.replace("_", "-"))
    members = [_write(person, project, number) for number, person in enumerate(crowd)]
    terms = schema.load(rules)
    keys = [None, *terms.ranks]
    states = [State() for _ in crowd]
    decided = None
    for on in nights:
        opening = False
        if rules["period"] != "anniversary":
            opening = decided is None or decided < period_start(terms.period, on)
            decided = period_start(terms.period, on)
        night(on, size=size, scheme=key)
        for number, person in enumerate(crowd):
            if person.joined_on > on:
                continue
            known = figures(terms, person, on)
            before = states[number]
            after = states[number] = step(
                terms, before, known, joined_on=person.joined_on, on=on, opening=opening
            )
            row = db.session.get(
                Membership, (members[number].id, found(key).scheme_id), populate_existing=True
            )
            told = (row.earned, row.valid_until, row.grace_until, row.lost,
                    row.second_chance_until, row.changes)  # fmt: skip
            expected = (keys[after.rank], after.valid_until, after.grace_until,
                        keys[after.lost], after.second_chance_until, after.changes)  # fmt: skip
            assert told == expected, (on, known)
            if after.changes > before.changes:
                history = db.session.scalars(
                    sa.select(History).where(
                        History.member_id == members[number].id,
                        History.scheme_id == found(key).scheme_id,
                        History.number == after.changes,
                    )
                ).one()
                assert (history.move, history.figures) == (after.move, known)
        assert night(on, size=size, scheme=key) == 0

"""A wave with enough answers, led from the draft to the seal by the services."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.surveys.models import Participation, SideAnswer, Wave
from plugins.surveys.waves import service
from plugins.surveys.waves.freezing import hashes
from portal import clock
from portal.extensions import db
from tests.factories import add
from tests.plugins.surveys.instruments import document, question
from tests.plugins.surveys.waves import add_ballot, bring, make_wave

FIVE = [5, 4, 3, 2, 1]
ASKED = document(
    [
        question("q1", required=True, role="overall"),
        question("q2", "nps", required=True),
        question("q3", required=True, role="again"),
        question("q4", required=True, role="recommend", dimension="sales"),
        question("q5", "single", required=True),
        question("q6", "number", role="recommended_count"),
        question("q7", "long"),
    ]
)


def answered(number: int) -> list[int]:
    """Return the positions of the answer with a number: three in four are content."""
    good = number % 4 != 0
    return [
        5 if number % 2 and good else 4 if good else 2,
        (10, 9, 7, 3)[number % 4],
        5 if good or number % 8 == 0 else 2,
        4 if number % 3 else 1,
        1 + number % 4,
        1,
        1 if number == 3 else -2,
    ]


def make_sealed(place, many: int = 96, least: int = 5, **values) -> Wave:
    """Return a sealed wave of so many answers from two stages."""
    made = make_wave(place.project.id, state="draft", instrument=ASKED, least_cell=least, **values)
    bring(made, "review", sent_by=1)
    for number in range(many + 20):
        add(
            Participation(
                wave_id=made.id,
                named=made.named,
                project_id=made.project_id,
                unit_key=f"h:{number}",
                household_id=place.member.household_id,
                stage="senior" if number % 3 else "stable",
                building="1",
            )
        )
    lines = db.session.scalars(
        sa.select(Participation).where(Participation.wave_id == made.id)
    ).all()
    frame = [_Line([each.unit_key, each.building, each.tier, each.stage]) for each in lines]
    bring(made, "frozen", reviewed_by=2, frozen_at=clock.now(), **hashes(made, frame))
    bring(made, "field")
    for number in range(many):
        ballot = add_ballot(
            made,
            answered(number),
            stage="senior" if number % 3 else "stable",
            building="1",
            sealed=not made.named,
        )
        side = {"ballot_id": ballot.id, "project_id": made.project_id}
        add(SideAnswer(**side, item=5, kind="number", number=(number % 4) * 1_000_000))
        if number == 3:
            add(SideAnswer(**side, item=6, kind="text", value="电梯很快"))
    at = clock.now()
    bring(made, "closed", closed_at=at)
    if not made.named:
        bring_shuffled(made, at)
    take(place, made, "seal", at)
    db.session.commit()
    return made


def bring_shuffled(wave: Wave, at) -> None:
    db.session.execute(sa.update(Wave).where(Wave.id == wave.id).values(shuffled_at=at))
    db.session.refresh(wave)


def take(place, wave: Wave, step: str, at=None) -> None:
    """Let the manager take a step."""
    service.take_step(
        actor=place.manager,
        project=place.ref,
        wave=wave,
        step=step,
        version=wave.version,
        at=at or clock.now() + timedelta(minutes=1),
    )


class _Line:
    def __init__(self, hashed: list[str]) -> None:
        self.hashed = hashed


@pytest.fixture
def sealed_wave(place) -> Wave:
    return make_sealed(place)

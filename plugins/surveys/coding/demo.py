"""The open answers of last year's survey in the demo: sorted by two, differences decided."""

import sqlalchemy as sa

from plugins.surveys.coding import queries, service
from plugins.surveys.models import Ballot, Coding, SideAnswer, Wave
from plugins.surveys.models.coding import DECIDER, FIRST, SECOND
from portal.sdk import Demo, db

_CODES = (
    ({"zh_Hans_CN": "公共设施", "zh_Hant": "公共設施", "en": "Common facilities"}, "电梯早"),
    ({"zh_Hans_CN": "报修与质量", "zh_Hant": "報修與品質", "en": "Repairs and quality"}, "报修"),
    ({"zh_Hans_CN": "装修扰民", "zh_Hant": "裝修擾民", "en": "Renovation next door"}, "装修"),
)


def sort_demo(demo: Demo, wave: Wave) -> None:
    """Write the code book of the first question in words, and sort its texts."""
    people = list({account.id: account for account in demo.staff.values()}.values())[:3]
    here = queries.in_words(wave)
    if len(people) < DECIDER or not here:
        return
    item = here[0]
    codes = [
        service.add_code(actor=people[0], wave=wave, question=item.question.key, title=title).id
        for title, _ in _CODES
    ]
    for seat, person in enumerate(people, FIRST):
        deciding = seat == DECIDER
        service.take_seat(actor=person, wave=wave, item=item.position, deciding=deciding)
    texts = sa.select(SideAnswer.ballot_id, SideAnswer.value).where(
        SideAnswer.item == item.position, SideAnswer.ballot_id.in_(_ballots(wave))
    )
    for place, (ballot, words) in enumerate(db.session.execute(texts.order_by(SideAnswer.value))):
        first = next((i for i, (_, part) in enumerate(_CODES) if part in words), 0)
        # In the lift, of renovation: one reads it as the lift's.
        second = 0 if "电梯" in words and place % 2 else first
        said = [(FIRST, first), (SECOND, second)] + ([(DECIDER, first)] if first != second else [])
        row = {"ballot_id": ballot, "item": item.position, "project_id": wave.project_id}
        for seat, code in said:
            db.session.execute(sa.insert(Coding).values(seat=seat, code_id=codes[code], **row))
    db.session.flush()


def _ballots(wave: Wave) -> sa.Select[tuple[int]]:

    return sa.select(Ballot.id).where(Ballot.wave_id == wave.id)

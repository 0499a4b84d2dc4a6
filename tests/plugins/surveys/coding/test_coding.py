"""Open answers: two sort them apart, a third decides; nobody reads a code too early."""

import pytest
import sqlalchemy as sa

from plugins.surveys.coding import queries, service
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Code, Coder, Coding, SideAnswer
from plugins.surveys.states import Mode, State
from portal.extensions import db
from tests import factories
from tests.factories import add
from tests.plugins.surveys.instruments import document, question
from tests.plugins.surveys.waves import add_ballot, bring, make_wave

ASKED = document([question("q1"), question("why", "long")])
WORDS = ["电梯太慢", "电梯坏了", "车库很暗", "物业很好", "请打13800138000", "车库漏水"]


@pytest.fixture
def wave(place):
    """A sealed anonymous wave of six texts, with two codes."""
    made = make_wave(place.project.id, mode=Mode.ANONYMOUS, instrument=ASKED, least_cell=5)
    for words in WORDS:
        ballot = add_ballot(made, [4, 1], sealed=True)
        side = {"ballot_id": ballot.id, "item": 1, "project_id": made.project_id}
        add(SideAnswer(**side, kind="text", value=words))
    bring(made, State.CLOSED, closed_at=made.created_at)
    bring(made, State.SEALED, sealed_at=made.created_at, shuffled_at=made.created_at)
    for title in ("电梯", "车库"):
        service.add_code(actor=place.clerk, wave=made, question="why", title={"zh_Hans_CN": title})
    db.session.commit()
    return made


def here(wave):
    return queries.questions(wave)[0]


def seat(wave, account, deciding=False):
    item = here(wave).item.position
    return service.take_seat(actor=account, wave=wave, item=item, deciding=deciding).seat


def ballots(wave):
    mine = sa.select(SideAnswer).order_by(SideAnswer.ballot_id)
    return [(each.ballot_id, each.value) for each in db.session.scalars(mine)]


def sort(wave, account, at, said):
    """Sort every text: by its number in `said`, 0 for none, left out where it is None."""
    ids = {code.number: code.id for code in here(wave).codes} | {0: None}
    pairs = zip(ballots(wave), said, strict=True)
    codes = {ballot: ids[number] for (ballot, _), number in pairs if number is not None}
    service.sort_texts(actor=account, wave=wave, item=here(wave).item, seat=at, codes=codes)
    db.session.commit()


def test_two_sort_a_third_decides_and_kappa_tells_how_well(place, wave):
    third = factories.make_staff("staff", place.project)
    one, two = seat(wave, place.clerk), seat(wave, place.manager)
    assert (one, two, seat(wave, place.clerk)) == (1, 2, 1)
    with pytest.raises(SurveyError, match="SEATS_TAKEN"):
        seat(wave, third)
    sort(wave, place.clerk, one, [1, 1, 1, 2, 2, 0])
    assert here(wave).progress.kappa is None
    assert (here(wave).progress.first, here(wave).progress.second) == (6, 0)
    sort(wave, place.manager, two, [1, 1, 1, 2, 2, 1])
    told = here(wave).progress
    assert (told.agreed, told.differ, told.both_done, told.settled) == (5, 1, True, False)
    # 5 of 6 agree; by chance 3·4 + 2·2 of 36.
    assert told.kappa == pytest.approx((30 - 16) / (36 - 16))
    assert here(wave).table(5) == []
    three = seat(wave, third, deciding=True)
    last = ballots(wave)[-1][0]
    sort(wave, third, three, [None, None, None, None, None, 1])
    assert db.session.get(Coding, (last, 1, 3)) is not None
    assert here(wave).progress.settled
    # 4, 2 and 0 of six: of fewer than five each, none is told.
    assert {line.count for line in here(wave).table(5)} == {None}
    assert [line.count for line in here(wave).table(1)][:1] == [4]


def test_what_both_have_sorted_stands_and_the_database_says_so(place, wave):
    one, two = seat(wave, place.clerk), seat(wave, place.manager)
    sort(wave, place.clerk, one, [1] * 6)
    sort(wave, place.clerk, one, [2, 1, 1, 1, 1, 1])
    sort(wave, place.manager, two, [1] + [None] * 5)
    sort(wave, place.clerk, one, [2, 2, 1, 1, 1, 1])
    with pytest.raises(SurveyError, match="BOTH_SORTED"):
        sort(wave, place.clerk, one, [1] * 6)
    db.session.rollback()
    (first, _), (second, _) = ballots(wave)[:2]
    row = {"item": 1, "project_id": wave.project_id}
    add(Coder(wave_id=wave.id, project_id=wave.project_id, item=1, seat=3, account_id=99))
    refused = [
        sa.update(Coding).where(Coding.ballot_id == first).values(code_id=None),
        sa.delete(Coding),
        sa.delete(Coder),
        sa.delete(Code),
        sa.update(Coder).values(account_id=77),
        sa.update(Code).values(title={"zh_Hans_CN": "别的"}),
        # Nobody decides what two do not differ in.
        sa.insert(Coding).values(ballot_id=second, seat=3, **row),
    ]
    for statement in refused:
        with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
            db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.execute(sa.insert(Coding).values(ballot_id=first, seat=3, **row))


def test_no_text_is_sorted_without_a_seat_nor_with_a_foreign_code(place, wave):
    seat(wave, place.clerk)
    ballot = ballots(wave)[0][0]
    code = add(
        Code(survey_id=wave.survey_id, project_id=wave.project_id, question="else",
             number=1, title={"zh_Hans_CN": "别"}, made_by=1)
    )  # fmt: skip
    for codes in ({ballot: code.id}, {ballot: 987654}, {ballot + 1: None}):
        with pytest.raises(SurveyError, match="UNKNOWN_TEXT"):
            service.sort_texts(
                actor=place.clerk, wave=wave, item=here(wave).item, seat=1, codes=codes
            )
    # No seat, no sorting: the database holds it too.
    row = {"ballot_id": ballot, "item": 1, "seat": 2, "project_id": wave.project_id}
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(sa.insert(Coding).values(row))


def test_nothing_of_a_coding_tells_when_or_whose():
    names = set(sa.inspect(Coding).columns.keys())
    assert names == {"ballot_id", "item", "seat", "project_id", "code_id"}


def test_pages_are_blind_until_both_are_done(app, place, wave, query_count):
    base = f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/texts"
    clerk = factories.sign_in(app.test_client(), place.clerk)
    manager = factories.sign_in(app.test_client(), place.manager)
    assert "开始分类" in clerk.get(f"{base}/").text
    assert WORDS[0] not in clerk.get(f"{base}/why/sort").text
    assert clerk.post(f"{base}/why/sort", data={}).status_code == 403
    for person in (clerk, manager):
        assert person.post(f"{base}/why/seat", data={"do": "sort"}).status_code == 303
    with query_count() as count:
        page = clerk.get(f"{base}/why/sort").text
    assert len(count) <= 12, count.texts
    assert WORDS[0] in page
    assert "13800138000" not in page
    assert "***" in page
    (first, _), *rest = ballots(wave)
    everything = {f"text-{ballot}": "1" for ballot, _ in rest}
    assert clerk.post(f"{base}/why/sort", data={f"text-{first}": "none"}).status_code == 303
    assert clerk.post(f"{base}/why/sort", data=everything).status_code == 303
    assert "selected" not in manager.get(f"{base}/why/sort").text
    assert "selected" in clerk.get(f"{base}/why/sort?show=done").text
    for bad in ({"text-x": "1"}, {f"text-{first}": "99"}, {f"text-{first}": "１"}):
        assert clerk.post(f"{base}/why/sort", data=bad).status_code == 404
    assert clerk.post(f"{base}/why/sort", data={"text-17": "1"}).status_code == 409
    third = factories.make_staff("staff", place.project)
    db.session.commit()
    decider = factories.sign_in(app.test_client(), third)
    assert decider.post(f"{base}/why/seat", data={"do": "decide"}).status_code == 409
    manager.post(f"{base}/why/sort", data={**everything, f"text-{first}": "2"})
    assert decider.post(f"{base}/why/seat", data={"do": "decide"}).status_code == 303
    page = decider.get(f"{base}/why/sort").text
    assert "第一位：没有合适的编码。第二位：车库。" in page
    assert decider.post(f"{base}/why/sort", data={f"text-{first}": "2"}).status_code == 303
    assert decider.post(f"{base}/nothing/sort").status_code == 404
    with query_count() as count:
        page = clerk.get(f"{base}/").text
    assert len(count) <= 12, count.texts
    assert "其中" in page
    with clerk.post(f"{base}/why/table.csv") as answer:
        assert len(answer.data.splitlines()) == 4
    auditor = factories.make_staff("auditor", place.project)
    db.session.commit()
    other = factories.sign_in(app.test_client(), auditor)
    assert other.get(f"{base}/why/sort").status_code == 403


def test_a_code_is_added_and_taken_out_of_use_never_deleted(place, wave, client):
    clerk = factories.sign_in(client, place.clerk)
    page = f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/texts/why/codes"
    assert clerk.post(page, data={"title_zh_Hans_CN": " "}).status_code == 422
    assert (
        clerk.post(page, data={"title_zh_Hans_CN": "噪声", "title_en": "Noise"}).status_code == 303
    )
    assert clerk.post(f"{page}/3", data={"do": "retire"}).status_code == 303
    assert here(wave).codes[2].retired
    assert clerk.post(f"{page}/3", data={"do": "use"}).status_code == 303
    assert clerk.post(f"{page}/9", data={"do": "use"}).status_code == 404
    db.session.refresh(wave)
    assert [code.retired for code in here(wave).codes] == [False] * 3

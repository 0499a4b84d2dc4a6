"""Shared words: none of which few have; and numbers of persons covered."""

import pytest

from plugins.surveys.coding.frequent import frequent
from plugins.surveys.coding.masking import covered
from plugins.surveys.models import SideAnswer
from plugins.surveys.states import State
from tests import factories
from tests.factories import add
from tests.plugins.surveys.instruments import document, question
from tests.plugins.surveys.waves import add_ballot, bring, make_wave


def test_a_word_is_shown_from_so_many_answers_on():
    texts = ["电梯太慢，电梯", "电梯坏了", "The lift is slow", "the LIFT", "電梯"]
    assert frequent(texts, 3) == [("电梯", 3)]
    assert frequent(texts, 2) == [("电梯", 3), ("lift", 2)]
    assert frequent(texts, 4) == []


def test_a_part_of_a_longer_word_is_shown_only_if_many_have_it_alone():
    assert frequent(["地下车库"] * 5, 5) == [("地下车库", 5)]
    assert dict(frequent(["地下车库"] * 5 + ["车库"] * 4, 5)) == {"地下车库": 5}
    assert dict(frequent(["地下车库"] * 5 + ["车库"] * 5, 5)) == {"地下车库": 5, "车库": 10}


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("打 13800138000 找我", "13800138000"),
        ("打138 0013-8000", "0013"),
        ("１３８００１３８０００", "１３８"),
        ("身份证11010119900307123X。", "19900307"),
        ("车是粤B12345", "B12345"),
        ("写 lin.xy@example.org", "example"),
    ],
)
def test_numbers_of_persons_are_covered(text, gone):
    assert gone not in covered(text)
    assert len(covered(text)) == len(text)


def test_prices_and_dates_stay():
    assert covered("2026年5月1日交了3800元，12楼") == "2026年5月1日交了3800元，12楼"


def test_the_page_counts_sealed_waves_alone(place, client):
    asked = document([question("why", "short")])
    wave = make_wave(place.project.id, instrument=asked, least_cell=5)
    for number in range(9):
        ballot = add_ballot(wave, [1], sealed=True)
        side = {"ballot_id": ballot.id, "item": 0, "project_id": wave.project_id}
        add(SideAnswer(**side, kind="text", value="电梯" if number < 5 else "噪声"))
    clerk = factories.sign_in(client, place.clerk)
    page = f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/texts/words"
    bring(wave, State.CLOSED, closed_at=wave.created_at)
    assert "电梯" not in clerk.get(page).text
    bring(wave, State.SEALED, sealed_at=wave.created_at)
    told = clerk.get(page).text
    assert "电梯" in told
    assert "噪声" not in told

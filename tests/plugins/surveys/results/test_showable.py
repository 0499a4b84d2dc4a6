"""What of an item is shown: no group below k, and 0 looks as 4 does."""

import itertools

import pytest

from plugins.surveys.figures.intervals import wilson
from plugins.surveys.results.showable import bar, choices, may_average, share

pytestmark = pytest.mark.once
LEAST = 3


def test_no_group_of_a_bar_is_small():
    for sizes in itertools.product((0, 1, 3, 4), repeat=5):
        shown = bar(dict(enumerate(sizes, 1)), LEAST)
        if shown is not None:
            assert all(size >= LEAST for _, size in shown.groups)
            assert sum(size for _, size in shown.groups) == shown.base == sum(sizes)


def test_a_bar_is_as_fine_as_may_be():
    fine = bar({-2: 9, 1: 3, 2: 3, 3: 3, 4: 3, 5: 3}, LEAST)
    assert fine is not None
    assert (len(fine.groups), fine.base) == (5, 15)
    merged = bar({1: 0, 2: 3, 3: 3, 4: 3, 5: 3}, LEAST)
    assert merged is not None
    assert [codes for codes, _ in merged.groups] == [(4, 5), (3,), (1, 2)]
    assert bar({5: 40}, LEAST) is None


@pytest.mark.parametrize("hits", [0, 1, 4, 16, 19, 20])
def test_a_share_tells_nothing_of_few(hits):
    assert share(wilson(hits, 20), 5).value is None


def test_a_share_of_enough_is_shown():
    assert share(wilson(15, 20), 5).value == 0.75
    assert share(wilson(0, 0), 5).value is None


def test_none_and_four_look_alike_in_a_choice():
    def seen(few):
        return [each.count for each in choices({1: 30, 2: few, 3: 9, 4: 20}, (1, 2, 3, 4), 5)]

    assert seen(0) == seen(4) == [30, None, None, 20]
    assert choices({1: 4}, (1, 2), 5) is None


def test_an_extreme_mean_is_hidden():
    # All of 4 and 5 are 5s, all of 1 to 3 are 3s: the mean says that nobody gave 1, 2 and 4.
    assert not may_average({3: 10, 5: 20}, 5)
    assert may_average({1: 3, 2: 5, 3: 12, 4: 30, 5: 25}, 5)

"""Figures against an independent library, and what they say where nobody answered.

Expected values come from scipy 1.17.1 and statsmodels 0.15.0 by the call beside each.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.surveys.figures import (
    bootstrap,
    compare,
    index,
    intervals,
    loyalty,
    nps,
    shares,
    weighting,
)
from plugins.surveys.figures.compare import Trend
from plugins.surveys.figures.intervals import NO_DATA, Figure
from plugins.surveys.figures.kappa import kappa

counts = st.dictionaries(st.integers(-3, 10), st.integers(0, 50))
EXACT = {"rel": 1e-9}


@pytest.mark.parametrize(
    ("hits", "base", "low", "high"),
    [
        # statsmodels.stats.proportion.proportion_confint(hits, base, method="wilson")
        (514, 612, 0.8087078966950807, 0.8667906330671398),
        (0, 10, 0.0, 0.27753279986288926),
        (10, 10, 0.7224672001371106, 1.0),
        (1, 3, 0.06149194472039626, 0.7923403991979523),
    ],
)
def test_wilson(hits: int, base: int, low: float, high: float) -> None:
    found = intervals.wilson(hits, base)
    assert (found.low, found.high) == pytest.approx((low, high), **EXACT, abs=1e-12)


def test_two_proportions() -> None:
    # statsmodels.stats.proportion.proportions_ztest([514, 400], [612, 460])
    found = compare.proportions(intervals.wilson(400, 460), intervals.wilson(514, 612))
    assert found.p == pytest.approx(0.1746148865567244, **EXACT)
    assert found.trend is Trend.NOT_SIGNIFICANT
    # proportions_ztest([300, 400], [612, 460])
    found = compare.proportions(intervals.wilson(400, 460), intervals.wilson(300, 612))
    assert found.p == pytest.approx(3.7057031033454217e-38, **EXACT)
    assert found.trend is Trend.DOWN


def test_kappa() -> None:
    table = {("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}
    pairs = [pair for pair, number in table.items() for _ in range(number)]
    # statsmodels.stats.inter_rater.cohens_kappa([[20, 5], [10, 15]]).kappa
    assert kappa(pairs) == pytest.approx(0.3999999999999999, **EXACT)
    assert kappa([]) is None
    assert kappa([("a", "a"), ("a", "a")]) is None


def test_mean() -> None:
    # statsmodels.stats.weightstats.DescrStatsW([1, 2, 4, 5, 5, 5, 3, 3, 3, 3]).zconfint_mean()
    found = shares.mean({1: 1, 2: 1, 3: 4, 4: 1, 5: 3, -1: 9, -2: 7, -3: 5})
    assert (found.low, found.high) == pytest.approx((2.563340473739741, 4.236659526260259), **EXACT)
    assert (found.value, found.base) == (3.4, 10)


def test_weighted_index() -> None:
    # Weighted mean by numpy.average, its error by uncertainties of independent means.
    dimensions = {"sales": {5: 30, 4: 10}, "property": {1: 5, 3: 10, 5: 5}, "quality": {-3: 40}}
    figures = {key: index.of_dimension(each) for key, each in dimensions.items()}
    found = index.whole(figures, {"sales": 25, "property": 50, "quality": 25})
    expected = (64.58333333333333, 53.92472668587992, 75.24193998078674)
    assert (found.value, found.low, found.high) == pytest.approx(expected, **EXACT)
    assert found.base == 20
    with pytest.raises(ValueError, match="one is above 0"):
        index.whole(figures, {"sales": 0})


def test_difference_of_means() -> None:
    # statsmodels.stats.weightstats.CompareMeans(d1, d2).ztest_ind(usevar="unequal")
    found = compare.figures(shares.mean({1: 10, 3: 20, 5: 30}), shares.mean({1: 20, 3: 30, 5: 10}))
    assert found.p == pytest.approx(0.00015167079389415318, **EXACT)
    assert found.trend is Trend.DOWN


def test_score_leaves_out_who_skipped() -> None:
    given_answers = {10: 30, 9: 17, 8: 20, 7: 17, 6: 10, 0: 6}
    found = nps.score(given_answers | {-1: 40, -2: 25})
    assert found == nps.score(given_answers)
    # numpy: 100 * (x.mean() ± scipy.stats.norm.ppf(0.975) * x.std() / 10), x coded 1, 0, -1
    assert (found.value, found.base) == (31.0, 100)
    expected = (16.678844793912077, 45.32115520608792)
    assert (found.low, found.high) == pytest.approx(expected, **EXACT)


def test_nobody_answered_is_no_data() -> None:
    skipped = {-1: 5, -2: 7, -3: 2}
    assert nps.score(skipped) == shares.mean(skipped) == shares.top_two(skipped) == NO_DATA
    assert index.of_dimension(skipped) == index.whole({"a": NO_DATA}, {"a": 1}) == NO_DATA
    assert shares.gap({(-1, 4): 3}) == NO_DATA
    assert loyalty.recommended({}).winsorised == loyalty.trio({}).loyal == NO_DATA
    assert compare.proportions(NO_DATA, Figure(0.5, 10, 0.2, 0.8)).trend is Trend.NO_DATA
    assert bootstrap.percentile([], lambda _: 1.0, seed=1) == NO_DATA


def test_satisfaction_less_expectation_is_paired() -> None:
    found = shares.gap({(5, 3): 10, (4, 4): 10, (-2, 5): 50})
    assert (found.value, found.base) == (1.0, 20)


def test_loyal_are_those_who_are_all_three() -> None:
    found = loyalty.trio({(True, True, True): 4, (True, False, True): 4, (True, None, True): 2})
    assert (found.satisfied.value, found.again.value) == (1.0, 0.5)
    assert (found.again.base, found.loyal.base, found.loyal.value) == (8, 8, 0.5)


def test_one_boaster_moves_the_raw_mean_alone() -> None:
    found = loyalty.recommended({1: 10, 2: 9, 50: 1})
    assert (found.raw.value, found.cut, found.winsorised.value) == (3.9, 2, 1.5)


def test_weights_bring_ballots_to_the_frame() -> None:
    found = weighting.post_stratify({"1": 100, "2": 100, "3": 9}, {"1": 30, "2": 10})
    assert found.by == pytest.approx({"1": 2 / 3, "2": 2.0})
    assert found.effective == pytest.approx(30.0)
    assert found.missing == ("3",)


@given(
    st.dictionaries(st.sampled_from("abcde"), st.tuples(st.integers(1, 500), st.integers(0, 60)))
)
def test_no_weight_is_above_the_cap_and_their_mean_is_one(
    strata: dict[str, tuple[int, int]],
) -> None:
    ballots = {key: each[1] for key, each in strata.items()}
    found = weighting.post_stratify({key: each[0] for key, each in strata.items()}, ballots, 2.0)
    total = sum(ballots.values())
    assert (found.largest or 0) <= 2.0 * (1 + 1e-9)
    assert sum(found.by[key] * ballots[key] for key in found.by) == pytest.approx(total)
    assert found.effective <= total * (1 + 1e-9)


def test_bootstrap_draws_the_same_for_the_same_seed() -> None:
    ballots = [1, 1, 1, 0] * 25

    def share(drawn: list[int]) -> float:
        return sum(drawn) / len(drawn)

    first, again, other = (
        bootstrap.percentile(ballots, share, seed=seed, draws=200) for seed in (7, 7, 8)
    )
    assert first == again != other
    assert first.low is not None
    assert first.low < 0.75 < (first.high or 0)


@settings(max_examples=50)
@given(counts)
def test_figure_lies_in_its_interval(found: dict[int, int]) -> None:
    for figure in (nps.score(found), shares.mean(found), shares.share_of(found, (4, 5))):
        if figure.base:
            assert figure.low is not None
            assert figure.value is not None
            assert figure.high is not None
            assert figure.low <= figure.value + 1e-9
            assert figure.value <= figure.high + 1e-9
        else:
            assert figure == NO_DATA

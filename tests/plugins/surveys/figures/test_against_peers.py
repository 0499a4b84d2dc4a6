"""The figures against an independent library, over random answers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint, proportions_ztest
from statsmodels.stats.weightstats import DescrStatsW

from plugins.surveys.figures import compare, index
from plugins.surveys.figures.intervals import wilson
from plugins.surveys.figures.kappa import kappa
from plugins.surveys.figures.shares import mean

pytestmark = pytest.mark.once
few = settings(max_examples=40, derandomize=True, deadline=None, database=None)
shares = st.integers(1, 2000).flatmap(lambda base: st.tuples(st.integers(0, base), st.just(base)))
scales = st.dictionaries(st.integers(1, 5), st.integers(1, 300), min_size=2)


@few
@given(shares)
def test_wilson(of):
    found = wilson(*of)
    low, high = proportion_confint(*of, method="wilson")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)


@few
@given(shares, shares)
def test_two_proportions(old, new):
    hits, bases = [new[0], old[0]], [new[1], old[1]]
    found = compare.proportions(wilson(*old), wilson(*new))
    if sum(hits) in (0, sum(bases)):
        assert found.p is None
    else:
        assert found.p == pytest.approx(proportions_ztest(hits, bases)[1], abs=1e-9)


@few
@given(scales)
def test_mean_with_its_standard_error(counts):
    found = mean(counts)
    peer = DescrStatsW(list(counts), weights=list(counts.values()))
    assert found.value == pytest.approx(peer.mean)
    error = math.sqrt(peer.var_ddof(1) / sum(counts.values()))
    assert found.high - found.value == pytest.approx(1.959963984540054 * error)


@few
@given(st.dictionaries(st.sampled_from("abcde"), st.tuples(scales, st.integers(1, 40)), min_size=1))
def test_weighted_index(dimensions):
    figures = {key: index.of_dimension(counts) for key, (counts, _) in dimensions.items()}
    weights = {key: weight for key, (_, weight) in dimensions.items()}
    values = [figures[key].value for key in sorted(figures)]
    peer = np.average(values, weights=[weights[key] for key in sorted(weights)])
    assert index.whole(figures, weights).value == pytest.approx(peer)


@few
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_kappa(pairs):
    table = np.zeros((4, 4))
    for first, second in pairs:
        table[first, second] += 1
    found = kappa(pairs)
    if found is None:
        assert np.count_nonzero(table) == 1
    else:
        assert found == pytest.approx(cohens_kappa(table, return_results=False))

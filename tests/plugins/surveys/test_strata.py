"""Names on anonymous ballots: no group below k, and none to be had by subtraction."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.surveys.answering.strata import coarsened

cells = st.dictionaries(
    st.tuples(st.sampled_from("stu"), st.sampled_from("1234"), st.sampled_from(["", "gold"])),
    st.integers(1, 25),
    max_size=16,
)


@settings(max_examples=200, deadline=None)
@given(cells, st.integers(5, 12))
def test_no_name_stands_for_few(drawn, least):
    named = coarsened(drawn, least)
    sizes = Counter()
    for cell, many in drawn.items():
        assert all(told in ("", own) for told, own in zip(named[cell], cell, strict=True))
        sizes[named[cell]] += many
    assert sum(drawn.values()) < least or min(sizes.values(), default=least) >= least


def test_the_rest_of_a_stage_is_large_enough_as_well():
    frame = {("s", "1", ""): 10, ("s", "2", ""): 30, ("s", "3", ""): 2}
    assert set(coarsened(frame, 10).values()) == {("s", "", ""), ("s", "2", "")}
    assert set(coarsened({("s", "1", ""): 4}, 10).values()) == {("", "", "")}

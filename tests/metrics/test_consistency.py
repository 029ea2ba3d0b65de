import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from annotations.agreement.intervals import wilson
from fairness.metrics import Reason, Status, nearest, neighbour_consistency


def zemel(labels, neighbours):
    """The published formula for labels of 0 and 1."""
    return 1 - np.abs(labels - labels[neighbours].mean(axis=1)).mean()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 6))
def test_neighbours_are_scikit_learns_and_the_figure_is_the_published_one(seed, k):
    chance = np.random.default_rng(seed)
    places, labels = chance.normal(size=(30, 3)), chance.integers(0, 2, 30)
    ours = nearest(cdist(places, places), k)
    theirs = NearestNeighbors(n_neighbors=k).fit(places).kneighbors(return_distance=False)
    assert (ours == theirs).all()
    assert neighbour_consistency(labels, ours).overall.value == pytest.approx(zemel(labels, theirs))


def test_equal_distances_are_taken_in_order_and_an_item_is_not_its_own_neighbour():
    assert nearest(np.zeros((4, 4)), 2).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]
    far = np.full((3, 3), np.inf)
    assert nearest(far, 2).tolist() == [[1, 2], [0, 2], [0, 1]]


def test_labels_of_any_kind_and_the_least_consistent_first():
    found = neighbour_consistency(["a", "a", "b", "c"], [[1, 2], [0, 2], [0, 3], [0, 1]], min_group=1)
    assert found.overall.value == pytest.approx(0.25)
    assert found.overall.low is None
    assert found.least == (2, 3, 0, 1)


def test_groups_have_their_own_and_small_ones_none():
    labels, neighbours = [1] * 30 + [0, 1], [[(i + 1) % 30] for i in range(30)] + [[0], [1]]
    found = neighbour_consistency(labels, neighbours, groups=["x"] * 30 + ["y", "y"])
    assert found.by_group["x"].value == 1.0
    assert (found.by_group["y"].status, found.by_group["y"].n) == (Status.INSUFFICIENT, 2)
    assert found.overall.value == pytest.approx(31 / 32)


def test_a_table_of_distances_may_come_in_blocks():
    places = np.random.default_rng(4).integers(0, 3, size=(40, 2)).astype(float)  # many are equally far
    apart = cdist(places, places)
    blocks = [nearest(apart[first : first + 15], 5, first=first) for first in (0, 15, 30)]
    assert (np.concatenate(blocks) == nearest(apart, 5)).all()


@pytest.mark.parametrize("copies", [1, 4])
def test_the_interval_holds_the_expected_share_though_items_share_neighbours(copies):
    """Labels at random: two of different sentences are alike with probability .58, copies of one sentence always."""
    chance, held, wide = np.random.default_rng(11), 0, []
    for _ in range(200):
        sentence = np.repeat(np.arange(60), copies)
        near = nearest(cdist(places := chance.normal(size=(60, 2))[sentence], places), 5)
        labels = (chance.random(60) < 0.7)[sentence]
        expected = np.where(sentence[near] == sentence[:, None], 1.0, 0.7**2 + 0.3**2).mean()
        found = neighbour_consistency(labels, near, clusters=sentence).overall
        held += found.low <= expected <= found.high
        wide.append(found.high - found.low)
    assert held >= 188  # of 200: at least as often as an interval of 95 % may be expected to
    assert np.mean(wide) < 0.45  # and it still says something


def test_without_any_variation_a_cluster_is_one_observation():
    near = nearest(cdist(places := np.arange(40.0)[:, None], places), 3)
    found = neighbour_consistency([1] * 40, near, clusters=np.arange(40) // 4)
    assert (found.overall.value, found.overall.high) == (1.0, 1.0)
    assert found.overall.low == pytest.approx(wilson(10, 10)[0])


def test_no_items_no_figure():
    found = neighbour_consistency([], np.zeros((0, 3), dtype=int))
    assert (found.overall.status, found.overall.reason, found.least) == (Status.UNDEFINED, Reason.NO_NEIGHBOURS, ())


@pytest.mark.parametrize(
    ("distances", "k", "message"),
    [
        (np.zeros((2, 3)), 1, "square table"),
        (np.full((3, 3), np.nan), 1, "square table"),
        (np.zeros((3, 3)), 3, "less than the number of items"),
        (np.zeros((3, 3)), 0, "at least 1"),
    ],
)
def test_impossible_distances_are_refused(distances, k, message):
    with pytest.raises(ValueError, match=message):
        nearest(distances, k)


@pytest.mark.parametrize(
    ("labels", "neighbours", "groups", "message"),
    [
        ([1, 0], [[1]], None, "n labels"),
        ([1, 0], [1, 0], None, "n labels"),
        ([1, 0], [[1], [2]], None, "indices of the labels"),
        ([1, 0], [[1], [-1]], None, "indices of the labels"),
        ([1, 0], [[1], [0]], ["x"], "a group for each of 2 items"),
    ],
)
def test_tables_that_do_not_fit_are_refused(labels, neighbours, groups, message):
    with pytest.raises(ValueError, match=message):
        neighbour_consistency(labels, neighbours, groups=groups)


def test_blocks_and_clusters_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="cannot begin at item 2"):
        nearest(np.zeros((2, 3)), 1, first=2)
    with pytest.raises(ValueError, match="a cluster for each of 2 items"):
        neighbour_consistency([1, 0], [[1], [0]], clusters=[1])

"""Suspicions in public crowds whose truth is known: few people are named, and those are no better than chance."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.suspicion.detectors import Kind, Said, find_all
from tests.acceptance.test_crowd_truth import DATA, crowd

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"The real data is not beside the repository: {DATA}"),
]


@pytest.mark.parametrize(("name", "most"), [("D_Product", 6), ("D_PosSent", 3), ("rte", 2), ("bluebird", 5)])
def test_few_are_named_and_with_good_reason(name: str, most: int):
    labels, truth = crowd(name)
    found = find_all(Said.plain(labels.item, labels.annotator, labels.label))
    named = {person for one in found.findings for person in one.people}
    assert 0 < len(named) <= most
    for person in named:
        own = labels.annotator == person
        known = truth[labels.item[own]]
        right = labels.label[own] == known
        # The mean over the true labels: who always says the same is right on one of two.
        balanced = np.mean([right[known == label].mean() for label in np.unique(known)])
        assert balanced < 0.6
    assert Kind.COPYING not in {one.kind for one in found.findings}

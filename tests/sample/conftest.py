"""The shipped sample, made once for all tests of this folder: it is pure and nothing changes it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from evenhand.sample.crowd import Worker, crowd
from evenhand.sample.messages import SampleItem, generate


@pytest.fixture(scope="package")
def items() -> list[SampleItem]:
    return generate()


@pytest.fixture(scope="package")
def families(items: list[SampleItem]) -> dict[str, list[SampleItem]]:
    members: defaultdict[str, list[SampleItem]] = defaultdict(list)
    for item in items:
        members[item.family].append(item)
    return dict(members)


@pytest.fixture(scope="package")
def workers() -> tuple[Worker, ...]:
    return crowd()

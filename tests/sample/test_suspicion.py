"""The sample's spammers are found by how they work, and nobody else of its crowd is named."""

from __future__ import annotations

import numpy as np

from annotations.suspicion.detectors import Kind, Said, find_all
from evenhand.sample.crowd import Worker, answer, labellers
from evenhand.sample.grammar import SEVERITY
from evenhand.sample.messages import SampleItem


def said(items: list[SampleItem], workers: tuple[Worker, ...]) -> Said:
    rows = [
        (number, worker.number - 1, answer(worker, item))
        for number, item in enumerate(items)
        for worker in labellers(item, workers)
    ]
    item, person, given = zip(*rows, strict=True)
    return Said.plain(
        np.array(item),
        np.array(person),
        np.array([SEVERITY.index(one.label) for one in given]),
        seconds=np.array([one.active_ms / 1000 for one in given]),
        words=np.array([float(len(one.text.split())) for one in items]),
    )


def test_the_spammers_and_nobody_else(items: list[SampleItem], workers: tuple[Worker, ...]):
    found = find_all(said(items, workers)).findings
    spammers = {worker.number - 1 for worker in workers if worker.kind == "spammer"}
    constant = {worker.number - 1 for worker in workers if worker.always is not None}
    assert {one.people[0] for one in found if one.kind is Kind.SPEED} == spammers
    assert {one.people[0] for one in found if one.kind is Kind.CONSTANT} <= constant
    assert {person for one in found for person in one.people} == spammers
    assert Kind.COPYING not in {one.kind for one in found}

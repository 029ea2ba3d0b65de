"""What a fit of a large project costs from the database: 5,000,000 labels of 10,000 people on 1,000,000 items.

Reads, fits and stores as the background task does, in a process of its own (for its memory), on a project that is
written into the database that the settings name, and removed afterwards. The labels are made up as those of `consensus`
are. The second fit begins where the first ended, after a part of the labels has changed. Needs about 5 GB of disk for
the time being.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
django.setup()

from django.db import connection  # noqa: E402

from annotations.aggregation import Labels  # noqa: E402
from annotations.deciding import fitting  # noqa: E402
from annotations.models import Annotator, Dataset, Project, ServingRules  # noqa: E402
from benchmarks._stack import LABELS as NAMES  # noqa: E402
from benchmarks._stack import project_of_an_owner  # noqa: E402
from benchmarks.consensus import generated  # noqa: E402
from evenhand.cli.bench import Figure  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
ITEMS, EACH, PEOPLE = 1_000_000, 5, 10_000
SLICE = 500_000  # labels that are written at once
CHANGED = 100  # one label of so many is another before the second fit
STEPS = ("collect", "fit", "posteriors_store", "cases_follow", "skills_store", "demand_follow")
WORDS = {
    "collect": "reading",
    "fit": "fitting",
    "posteriors_store": "storing posteriors",
    "cases_follow": "ordering cases",
    "skills_store": "storing skills",
    "demand_follow": "following demand",
}

MADE = """
INSERT INTO annotations_item (project_id, dataset_id, external_id, modality, payload, content_hash, groups, extra,
    created_at)
SELECT %(project)s, %(dataset)s, '', 'text', jsonb_build_object('text', 'Message number ' || number),
    md5(number::text), '{}', '{}', now()
FROM generate_series(1, %(count)s) number
"""
QUEUE = """
INSERT INTO annotations_queueentry (item_id, project_id, remaining, extra, shuffle, redundancy, min_support)
SELECT id, %(project)s, 0, 2, (random() * 9.2e18)::bigint, 3, 2 FROM annotations_item WHERE project_id = %(project)s
"""
LABEL = """
COPY annotations_annotation (project_id, item_id, annotator_id, schema_id, source, status, value, reason,
    idempotency_key, created_at) FROM STDIN
"""
OTHER = """
UPDATE annotations_annotation SET value = %(value)s
WHERE project_id = %(project)s AND item_id %% %(of)s = 0 AND value <> %(value)s
"""


def run() -> dict[str, Figure]:
    with project_of_an_owner("Benchmark of fits") as (project, _token):
        ServingRules.objects.filter(project=project).update(max_labels=8, tau=0.9)
        labels = _fill(project)
        figures: dict[str, Figure] = {}
        for title in ("first fit", "next fit"):
            measured = _in_a_process(project.pk)
            for name in STEPS:
                figures[f"{title}, {WORDS[name]}"] = Figure(round(measured[name], 2), "s", "lower")
            figures[f"{title}, all"] = Figure(round(measured["seconds"], 2), "s", "lower")
            figures[f"{title}, memory"] = Figure(round(measured["memory"]), "MiB", "lower")
            figures[f"{title}, iterations"] = Figure(measured["iterations"], "iterations", "lower")
            _change(project)
        per_label = 1e6 * figures["first fit, reading"].value / len(labels)
        figures["reading, per label"] = Figure(round(per_label, 2), "µs", "lower")
    return figures


def _fill(project: Project) -> Labels:
    labels, _truth = generated(ITEMS * EACH, PEOPLE, ITEMS, len(NAMES))
    dataset = Dataset.objects.create(project=project, name="Messages", created_by=project.created_by)
    people = [
        Annotator(project=project, kind="human", origin="simulated", name=f"p{number}") for number in range(PEOPLE)
    ]
    annotator_ids = np.array([person.pk for person in Annotator.objects.bulk_create(people, batch_size=1000)])
    with connection.cursor() as cursor:
        cursor.execute(MADE, {"project": project.pk, "dataset": dataset.pk, "count": ITEMS})
        cursor.execute(QUEUE, {"project": project.pk})
        cursor.execute("SELECT array_agg(id ORDER BY id) FROM annotations_item WHERE project_id = %s", [project.pk])
        item_ids = np.array(cursor.fetchone()[0])
        for lines in _lines(labels, item_ids, annotator_ids, project):
            cursor.copy_expert(LABEL, io.StringIO(lines))
        cursor.execute("VACUUM ANALYZE annotations_item, annotations_queueentry, annotations_annotation")
    return labels


def _lines(labels: Labels, item_ids: Any, annotator_ids: Any, project: Project) -> Iterator[str]:
    """The labels for COPY. Nobody labels an item twice: of such a pair only the first is written."""
    _pairs, first = np.unique(labels.item * PEOPLE + labels.annotator, return_index=True)
    schema_id, now = project.schemas.get().pk, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    after = [f'{schema_id}\thuman\tcurrent\t"{name}"\t\t\t{now}' for name in NAMES]
    for begin in range(0, len(first), SLICE):
        rows = first[begin : begin + SLICE]
        cells = zip(item_ids[labels.item[rows]], annotator_ids[labels.annotator[rows]], labels.label[rows], strict=True)
        yield "".join(f"{project.pk}\t{item}\t{who}\t{after[label]}\n" for item, who, label in cells)


def _change(project: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute(OTHER, {"project": project.pk, "of": CHANGED, "value": json.dumps(NAMES[0])})
        cursor.execute("VACUUM ANALYZE annotations_annotation, annotations_itemposterior")


def _in_a_process(project_id: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.fit", str(project_id)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@contextmanager
def _timed() -> Iterator[dict[str, float]]:
    """Seconds of each step of a fit, by its name in ``annotations.deciding.fitting``."""
    seconds = dict.fromkeys(STEPS, 0.0)
    before = {name: getattr(fitting, name) for name in STEPS}

    def measured(name: str) -> Any:
        def step(*args: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return before[name](*args, **named)
            finally:
                seconds[name] += time.perf_counter() - began

        return step

    for name in STEPS:
        setattr(fitting, name, measured(name))
    yield seconds
    for name, step in before.items():
        setattr(fitting, name, step)


def _fit_here(project_id: int) -> dict[str, Any]:
    with _timed() as seconds:
        began = time.perf_counter()
        made = fitting.consensus_refit(project_id=project_id)
        whole = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**seconds, "seconds": whole, "memory": memory, "iterations": made.iterations if made else 0}


if __name__ == "__main__":
    print(json.dumps(_fit_here(int(sys.argv[1]))))

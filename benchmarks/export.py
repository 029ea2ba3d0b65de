"""How fast a million labelled items go out as Parquet over the REST API: what was decided, each label, the items.

Runs against a running `evenhand up` on a project of its own, whose rows it writes straight into the database and
removes afterwards. The client reads and throws away; one table is read back to see that all rows are there.
"""

from __future__ import annotations

import http.client
import io
import os
import time
from urllib.parse import urlsplit

import django
import pyarrow.parquet as pq

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
django.setup()

from django.db import connection  # noqa: E402

from annotations.models import Annotator, Dataset, Project  # noqa: E402
from benchmarks._stack import peak_memory, processor_seconds, project_of_an_owner, running_stack  # noqa: E402
from evenhand.cli.bench import Figure  # noqa: E402
from evenhand.local.errors import LocalError  # noqa: E402

ROWS = 1_000_000
WHATS = ("consensus", "annotations", "items")

ITEMS = """
INSERT INTO annotations_item (project_id, dataset_id, external_id, row_number, modality, payload, content_hash, groups,
    extra, created_at)
SELECT %(project)s, %(dataset)s, 'row-' || number, number, 'text',
    jsonb_build_object('text', 'Message number ' || number || repeat(' of some length', 7)),
    md5(number::text) || md5((-number)::text),
    jsonb_build_object('dialect', (ARRAY['north', 'south', 'coast'])[1 + number %% 3]), '{}', now()
FROM generate_series(1, %(count)s) number
"""
LABELS = """
INSERT INTO annotations_annotation (project_id, item_id, annotator_id, schema_id, source, status, value, reason,
    active_ms, idempotency_key, created_at)
SELECT %(project)s, id, (%(annotators)s::bigint[])[1 + id %% 20], %(schema)s, 'human', 'current',
    to_jsonb((ARRAY['keep', 'review', 'remove'])[1 + id %% 3]), '', 1500 + id %% 4000, '', now()
FROM annotations_item WHERE project_id = %(project)s ORDER BY id
"""
CONSENSUS = """
INSERT INTO annotations_consensus (item_id, project_id, schema_id, value, method, support, evidence, decided_at)
SELECT item_id, project_id, schema_id, value, 'unanimous', 1.0,
    jsonb_build_object('votes', jsonb_build_object(value #>> '{}', 1), 'models', '{}'::jsonb,
        'annotations', jsonb_build_array(id), 'settlement', NULL), created_at
FROM annotations_annotation WHERE project_id = %(project)s ORDER BY item_id
"""
POSTERIORS = """
INSERT INTO annotations_itemposterior (item_id, project_id, value, certainty, probabilities)
SELECT item_id, project_id, value, (9000 + id %% 1000) / 10000.0, jsonb_build_object(
    value #>> '{}', (9000 + id %% 1000) / 10000.0, 'other', (1000 - id %% 1000) / 10000.0)
FROM annotations_annotation WHERE project_id = %(project)s ORDER BY item_id
"""
FIT = """
INSERT INTO annotations_consensusfit (project_id, schema_id, method, count_models, note, tokens, prior, items, labels,
    annotators, anchors, iterations, converged, head, seconds, fitted_at)
VALUES (%(project)s, %(schema)s, 'dawid_skene', false, '', '[]', '[]', %(count)s, %(count)s, 20, 0, 1, true, 0, 0,
    now() + interval '1 day')
"""


def run() -> dict[str, Figure]:
    state = running_stack(("web", "postgres"))
    with project_of_an_owner("Benchmark of exports") as (project, token):
        _fill(project)
        figures: dict[str, Figure] = {}
        before = {name: processor_seconds(state, name) for name in ("web", "postgres")}
        with peak_memory(state, ("web",)) as peaks:
            for what in WHATS:
                first, seconds, data = _download(state.address, token, project.pk, what)
                if (rows := pq.read_metadata(io.BytesIO(data)).num_rows) != ROWS:
                    raise LocalError(f"{rows} rows of {what} came out of {ROWS}.")
                figures[f"rows a second, {what}"] = Figure(round(ROWS / seconds), "rows/s", "higher", goal=100_000)
                figures[f"first byte, {what}"] = Figure(round(first, 3), "s", "lower", goal=1)
        figures["memory of web, peak"] = Figure(round(peaks["web"]), "MiB", "lower", goal=300)
        for name, seconds in before.items():
            used = processor_seconds(state, name) - seconds
            per_row = Figure(round(1e6 * used / ROWS / len(WHATS), 1), "µs", "lower")
            figures[f"processor per row, {name}"] = per_row
    return figures


def _fill(project: Project) -> None:
    dataset = Dataset.objects.create(project=project, name="Messages", created_by=project.created_by)
    people = [Annotator(project=project, kind="human", origin="simulated", name=f"p{number}") for number in range(20)]
    values = {
        "project": project.pk,
        "dataset": dataset.pk,
        "schema": project.schemas.get().pk,
        "count": ROWS,
        "annotators": [person.pk for person in Annotator.objects.bulk_create(people)],
    }
    with connection.cursor() as cursor:
        for statement in (ITEMS, LABELS, CONSENSUS, POSTERIORS, FIT):
            cursor.execute(statement, values)
        cursor.execute(
            "VACUUM ANALYZE annotations_item, annotations_annotation, annotations_consensus, annotations_itemposterior"
        )


def _download(address: str, token: str, project_id: int, what: str) -> tuple[float, float, bytes]:
    """Seconds to the first byte, seconds to the last, and the file."""
    parts = urlsplit(address)
    client = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=600)
    began = time.perf_counter()
    path = f"/api/v1/projects/{project_id}/exports/?what={what}&format=parquet"
    client.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = client.getresponse()
    if answer.status != 200:
        raise LocalError(f"{path} answered {answer.status}: {answer.read(300)!r}")
    blocks = [answer.read(1)]
    first = time.perf_counter() - began
    while block := answer.read(1 << 18):
        blocks.append(block)
    seconds = time.perf_counter() - began
    client.close()
    return first, seconds, b"".join(blocks)

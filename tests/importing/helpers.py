"""Uploading in tests, past HTTP."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotations.access import project_access
from annotations.importing.running import import_run
from annotations.importing.services import import_receive, import_start
from annotations.models import ImportJob
from tests.factories import Cast


def csv_bytes(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def jsonl_bytes(*rows: Any) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet_bytes(table: dict[str, list[Any]] | pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), buffer, **options)
    return buffer.getvalue()


def upload(cast: Cast, data: bytes, name: str = "data.csv", *, mapping: Any = None) -> ImportJob:
    """Received and started, not yet run."""
    access = project_access(cast.olivia, cast.project.pk)
    job = import_receive(access=access, filename=name, chunks=[data])
    return import_start(access=access, job_id=job.pk, mapping=mapping)


def take(cast: Cast, data: bytes, name: str = "data.csv", *, mapping: Any = None) -> ImportJob:
    """Uploaded and run to its end."""
    job = upload(cast, data, name, mapping=mapping)
    import_run(job_id=job.pk)
    job.refresh_from_db()
    return job


def problems(job: ImportJob) -> list[tuple[int, str, str]]:
    return list(job.row_errors.values_list("row_number", "kind", "reason"))

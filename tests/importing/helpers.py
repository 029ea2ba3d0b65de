"""Uploading in tests, past HTTP."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection

from annotations.access import project_access
from annotations.importing.running import import_run
from annotations.importing.services import import_receive, import_start
from annotations.models import ImportJob
from tests.factories import Cast

ROOT = Path(__file__).resolve().parents[2]


def csv_bytes(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def jsonl_bytes(*rows: Any) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet_bytes(table: dict[str, list[Any]] | pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), buffer, **options)
    return buffer.getvalue()


def upload(cast: Cast, data: bytes, name: str = "data.csv", *, mapping: Any = None, **options: Any) -> ImportJob:
    """Received and started, not yet run; ``options`` as of ``import_start``."""
    access = project_access(cast.olivia, cast.project.pk)
    job = import_receive(access=access, filename=name, chunks=[data])
    return import_start(access=access, job_id=job.pk, mapping=mapping, **options)


def take(cast: Cast, data: bytes, name: str = "data.csv", *, mapping: Any = None, **options: Any) -> ImportJob:
    """Uploaded and run to its end."""
    job = upload(cast, data, name, mapping=mapping, **options)
    import_run(job_id=job.pk)
    job.refresh_from_db()
    return job


def problems(job: ImportJob) -> list[tuple[int, str, str]]:
    return list(job.row_errors.values_list("row_number", "kind", "reason"))


def update(cast: Cast, data: bytes, mapping: Any = None, name: str = "more.csv", **options: Any) -> ImportJob:
    """An update of items that are there, run to its end."""
    return take(cast, data, name, mapping=mapping, on_existing="update", **options)


WORKER = """
import django, os, sys
django.setup()
from django.conf import settings
from django.db import connections
settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = os.environ["TEST_DATABASE"]
from annotations.importing.running import import_run
print(import_run(job_id=int(sys.argv[1])))
"""


def worker_process(job: ImportJob) -> subprocess.Popen[bytes]:
    """Another process that runs the import, as a Celery worker would."""
    environment = os.environ | {
        "TEST_DATABASE": connection.settings_dict["NAME"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
    }
    return subprocess.Popen([sys.executable, "-c", WORKER, str(job.pk)], env=environment, cwd=ROOT)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)

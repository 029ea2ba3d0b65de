"""Reading exports back."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow.parquet as pq


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    """The rows of a downloaded file."""
    if kind == "jsonl":
        return [json.loads(line) for line in data.decode().splitlines()]
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    return pq.read_table(io.BytesIO(data)).to_pylist()


def export(client: Any, project: Any, what: str, kind: str = "jsonl", query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/projects/{project.pk}/exports/?what={what}&format={kind}{query}")
    assert answer.status_code == 200, answer.content
    return read(answer.getvalue(), kind)

"""Readers by format. One module each, one line in ``READERS``."""

from __future__ import annotations

from typing import BinaryIO

from annotations.importing.readers.base import Reader, Row
from annotations.importing.readers.csv_file import CsvReader
from annotations.importing.readers.jsonl_file import JsonLinesReader
from annotations.importing.readers.parquet_file import ParquetReader

READERS: dict[str, type[Reader]] = {"csv": CsvReader, "jsonl": JsonLinesReader, "parquet": ParquetReader}


def open_reader(format_name: str, stream: BinaryIO) -> Reader:
    """A reader over ``stream``; raises ``BrokenFile`` where its head cannot be read."""
    return READERS[format_name](stream)


__all__ = ["READERS", "Reader", "Row", "open_reader"]

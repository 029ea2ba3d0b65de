"""Parquet, a batch of rows at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from annotations.importing.errors import BrokenFile
from annotations.importing.readers.base import Row

BATCH = 2000


class ParquetReader:
    def __init__(self, stream: BinaryIO) -> None:
        try:
            self._file = pq.ParquetFile(stream, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise _broken(error) from None
        self.columns = [str(name) for name in self._file.schema_arrow.names]
        twice = [name for name, count in Counter(self.columns).items() if count > 1]
        if twice:
            text = _("The column “%(name)s” is there more than once. Give every column its own name.")
            raise BrokenFile(text % {"name": twice[0][:80]}, "duplicate_column")
        stream.seek(0, 2)
        self._size = stream.tell()
        self._total = self._file.metadata.num_rows
        self._given = 0

    def bytes_read(self) -> int:
        """Rows are spread over the whole file, so the share of rows stands for the share of bytes."""
        return self._size * self._given // self._total if self._total else self._size

    def rows(self) -> Iterator[Row]:
        try:
            for batch in self._file.iter_batches(batch_size=BATCH):
                for values in batch.to_pylist():
                    self._given += 1
                    yield Row(self._given, values)
        except (pa.ArrowException, OSError) as error:
            raise _broken(error) from None


def _broken(error: Exception) -> BrokenFile:
    why = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    text = _("The Parquet file is damaged or cut off: %(why)s. Nothing was imported.")
    return BrokenFile(text % {"why": why.rstrip(".")}, "truncated_file")

"""Parquet that a killed run can go on with: an Arrow stream a batch while the run goes, encoded in one pass at its end.

Half a Parquet file has no footer and cannot be read, and no library goes on writing one. Arrow streams can be cut after
any batch and continued, so the part of an unfinished run holds those; a kill while it encodes costs the encoding alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq


class ParquetWriter:
    """Parquet with the library's defaults, compressed with zstd; one row group a batch.

    `part` may hold the batches of an earlier run already. `whole` opens the file that becomes the output.
    """

    def __init__(self, part: IO[bytes], whole: Callable[[], IO[bytes]], schema: pa.Schema) -> None:
        self._part, self._whole, self._schema = part, whole, schema
        self._options = pa.ipc.IpcWriteOptions(compression="lz4")

    def render(self, batch: pa.RecordBatch) -> pa.Buffer:
        """An Arrow stream of its own, with its dictionaries."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema, options=self._options) as stream:
            stream.write_batch(batch)
        return sink.getvalue()

    def append(self, rendered: pa.Buffer) -> None:
        """Behind the batches that are there."""
        self._part.write(rendered)

    def close(self) -> None:
        """Encodes all batches."""
        self._part.flush()
        end = self._part.tell()
        self._part.seek(0)
        with pq.ParquetWriter(self._whole(), self._schema, compression="zstd") as encoded:
            while self._part.tell() < end:
                with pa.ipc.open_stream(self._part) as stream:
                    for batch in stream:
                        encoded.write_batch(batch)


__all__ = ["ParquetWriter"]

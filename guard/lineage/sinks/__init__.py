"""Where lineage events go: one file a sink; `LineageSink` is what your own must look like."""

from guard.lineage.sinks.sink import LineageSink

__all__ = ["LineageSink"]

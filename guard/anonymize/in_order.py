"""Work on the items of a stream by several threads, the results in the order of the items, with few items in memory.

Arrow and numpy let go of the interpreter's lock while they work, so threads gain, and share one copy of everything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(items: Iterable[T], function: Callable[[T], R], *, threads: int) -> Iterator[R]:
    """`function` of each item; at most `threads + 1` items are under way or wait to be taken.

    The first error ends the stream, after the results before it.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="guard-anonymize") as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

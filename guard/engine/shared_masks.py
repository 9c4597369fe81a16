"""The masks of a purpose: one object for all questions of a minute, with which enforcement keeps what it prepared."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from guard.anonymize.mask_sql import Masks
    from guard.sql.masking import Provide

MOST: Final = 256


class SharedMasks:
    """Safe to share between threads."""

    def __init__(self, masks: Callable[[], Masks]) -> None:
        self._all = masks
        self._lock = threading.Lock()
        self._kept: dict[Hashable, Masks] = {}  # OWNED BY: _lock

    def of(self, purpose: str, until: Hashable, *, provide: Provide | None) -> Masks:
        """The masks of `purpose`; `until` changes when they must be made anew, and tells sources apart."""
        key = (purpose, until)
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                if len(self._kept) >= MOST:
                    self._kept.clear()
                found = self._kept[key] = self._all().for_purpose(purpose, provide=provide)
            return found

    def clear(self) -> None:
        """Makes all anew: keys changed."""
        with self._lock:
            self._kept.clear()

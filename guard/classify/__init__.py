"""What is sensitive, and where: detectors, running text, columns, the taxonomy and the laws' own schemes.

`Classifier.load(rules)` is the door. Importing this package loads no detector and no table library.
"""

from __future__ import annotations

from guard.classify.classifier import Classifier

__all__ = ["Classifier"]

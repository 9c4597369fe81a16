"""Can you prove it? An append-only log with signed checkpoints, in files that other tools of the C2SP family read.

`AuditLog.open` writes, `verify` re-reads everything, `proof` makes and checks evidence that stands alone.
"""

from guard.audit.entry import timestamp
from guard.audit.keys import Ed25519Signer, PublicKey, Signer
from guard.audit.log import AuditLog
from guard.audit.report import Problem, VerifyReport
from guard.audit.verify import verify

__all__ = ["AuditLog", "Ed25519Signer", "Problem", "PublicKey", "Signer", "VerifyReport", "timestamp", "verify"]

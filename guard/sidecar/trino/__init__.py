"""What Trino's OPA plugin asks, answered as it expects, so that a Trino cluster can point at guard.

Reference: trino.io, "Open Policy Agent access control".
"""

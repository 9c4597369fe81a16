"""Apache Ranger's policies as guard's rules: masks by tag, and row filters by table.

Reference: ranger.apache.org, policy export as JSON (`policies` with `policyType` 0 access, 1 mask, 2 row filter).
"""

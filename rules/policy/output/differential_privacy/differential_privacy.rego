# METADATA
# title: Noisy aggregates within a privacy budget only
# description: >-
#   Where a grant names `dp`, only aggregates with calibrated noise leave guard, each charged to a budget before the
#   data is read. Of several grants the smallest epsilon and the smallest delta hold.
# related_resources:
#   - ref: "NIST SP 800-226"
#     description: guidelines for evaluating differential privacy guarantees
# custom:
#   severity: high
#   mode: enforce
package guard.output.differential_privacy

import data.guard.lib.grants

limit contains object.union({"type": "differential_privacy"}, grant.dp) if some grant in grants.held

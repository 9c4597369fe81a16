# METADATA
# title: Aggregates over large groups only
# description: >-
#   Where a grant names a minimum group, only aggregates leave guard, and only over groups of at least so many rows.
#   Of several grants the largest group holds.
# related_resources:
#   - ref: "GB/T 39725-2020, 10.2"
#     description: equivalence classes of at least five
# custom:
#   severity: high
#   mode: enforce
package guard.output.statistics_only

import data.guard.lib.grants

limit contains {"type": "minimum_group", "size": grant.minimum_group} if some grant in grants.held

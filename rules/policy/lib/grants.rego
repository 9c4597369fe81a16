# What the subject's roles may do for the purpose of this query.
#
# Rights add up: of several roles the widest grant counts. Limits add up too: every one of them holds.
package guard.lib.grants

# role -> its grant for this purpose
held[role] := grant if {
	some role in input.subject.roles
	grant := data.config.grants[role][input.purpose]
}

# The highest level that a query may touch; without a grant there is none.
reach := max({grant.reach | some grant in held})

# The highest level that is shown as it is; without a grant there is none.
clear := max({grant.clear | some grant in held})

# Kinds that are shown as they are although their level is above `clear`.
shown contains kind if {
	some grant in held
	some kind in grant.show
}

# True when some grant is not bound to the subject's own rows.
all_rows if {
	some grant in held
	grant.rows == "all"
}

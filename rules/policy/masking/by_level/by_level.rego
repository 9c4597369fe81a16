# METADATA
# title: A mask for everything else above the clear level
# description: >-
#   Masks a column that the subject may not see as it is and whose kind has no form of its own, so that a new kind is
#   hidden before anybody has thought about how to show it.
# related_resources:
#   - ref: "GB/T 35273-2020, 7.2"
#     description: personal information is shown de-identified
# custom:
#   severity: high
#   mode: enforce
package guard.masking.by_level

import data.guard.lib.labels

mask contains entry if {
	some veiled in labels.veiled
	not data.config.masking.kinds[veiled.label.kind]
	form := data.config.masking.otherwise
	entry := {
		"label_set": veiled.label_set,
		"transform": form.transform,
		"params": object.get(form, "params", {}),
		"strength": form.strength,
	}
}

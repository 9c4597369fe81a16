# METADATA
# title: A mask for each kind
# description: >-
#   Masks a column that the subject may not see as it is, in the form that its kind calls for: a mobile number keeps
#   its first three and last four digits, a name its family name. The forms are configuration.
# related_resources:
#   - ref: "JR/T 0171-2020, annex A"
#     description: forms in which payment and identity data are shown
#   - ref: "GB/T 35273-2020, 7.2"
#     description: personal information is shown de-identified
# custom:
#   severity: high
#   mode: enforce
package guard.masking.by_kind

import data.guard.lib.labels

mask contains entry if {
	some veiled in labels.veiled
	form := data.config.masking.kinds[veiled.label.kind]
	entry := {
		"label_set": veiled.label_set,
		"transform": form.transform,
		"params": object.get(form, "params", {}),
		"strength": form.strength,
	}
}

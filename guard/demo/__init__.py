"""The tour of guard on an invented city: `guard demo`."""

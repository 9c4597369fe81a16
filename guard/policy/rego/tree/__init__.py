"""The syntax tree of a module in the form that OPA gives it; `rego.parse_module` answers with it.

Nothing is decided with it: policies are compiled elsewhere. It is for policies about policies.
"""

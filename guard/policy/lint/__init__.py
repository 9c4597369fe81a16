"""The linter of rule packs: mistakes that compile. Each rule is a module of `rules/`, found by being there.

A rule is named as Regal names it where Regal has it (github.com/open-policy-agent/regal, docs/rules), so that an
`# regal ignore:<rule>` comment counts here too.
"""

from guard.policy.lint.run import Finding, lint

__all__ = ["Finding", "lint"]

"""The embedded Rego engine: Rego to OPA's IR in a child process, the IR to Python functions here.

    policy = compile({"guard.rego": text})
    policy.evaluate("data.guard.decision", input, data)

Evaluation does no IO, shares nothing between calls and needs no other process.
"""

from guard.policy.rego.errors import EvaluationError
from guard.policy.rego.policy import Explanation, Limits, Policy, RuleValue, compile  # noqa: A004 - the verb of the design
from guard.policy.rego.values import UNDEFINED

__all__ = ["UNDEFINED", "EvaluationError", "Explanation", "Limits", "Policy", "RuleValue", "compile"]

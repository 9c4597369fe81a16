"""The engines behind the port `guard.policy.engine.PolicyEngine`, one module each."""

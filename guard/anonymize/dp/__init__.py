"""Differential privacy: exact integer noise, exact costs, a budget that refuses."""

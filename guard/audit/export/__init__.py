"""The log for other systems: OCSF events, OPA decision logs, syslog and NDJSON. The log itself stays the evidence."""

"""The sidecar: guard over HTTP, for services that are not written in Python."""

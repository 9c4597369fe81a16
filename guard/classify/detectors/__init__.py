"""One module a kind; its id is its path. See `guard.classify.detector` for what a module declares."""

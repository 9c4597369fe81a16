"""The rules of the linter, one module each: what is wrong (docstring), `CATEGORY`, `LEVEL`, `HELP`, `check`."""

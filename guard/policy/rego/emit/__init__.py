"""Python for the statements of a plan, one file a kind; `write_program` in `generate` puts it together."""

"""The command line: one file a command in `commands/`, one file a format in `formats/`."""

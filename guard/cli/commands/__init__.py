"""The commands; each is found by being here, and its name is the file's."""

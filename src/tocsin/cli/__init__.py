"""The command line: one file per command, each with a constant `COMMAND`, and no logic."""

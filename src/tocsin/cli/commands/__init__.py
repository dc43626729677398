"""One file per command, each with a constant `COMMAND`."""

"""One file per output, each with a constant `REPORT`."""

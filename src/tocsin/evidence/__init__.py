"""Open what was handed over, read-only: directories and archives, with limits."""

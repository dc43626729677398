"""Settings: `production`, `local` (a person's own machine) and `testing`."""

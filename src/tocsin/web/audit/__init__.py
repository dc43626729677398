"""What was decided, by whom and when: append-only and chained by hashes."""

"""Which files of a collection matter, by path and by content."""

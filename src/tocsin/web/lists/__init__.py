"""Lists that can be filtered, sorted, searched, saved as a view and exported."""

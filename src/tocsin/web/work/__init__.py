"""Jobs that take longer than a page, and the worker that does them."""

"""Files of scan feeds: observations exactly as received, and rows that could not be read."""

"""One file for each way in which lists of indicators are written."""

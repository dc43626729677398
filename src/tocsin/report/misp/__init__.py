"""Parts of a MISP event, with ids that follow from their content."""

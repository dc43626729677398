"""Objects of STIX 2.1, with ids that follow from their content."""

"""Tags of pages of imports."""

"""Lists of indicators that the user brought, against rows and files."""

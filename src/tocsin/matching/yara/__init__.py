"""YARA rules over the content of files."""

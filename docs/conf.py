"""How the documentation is built: Markdown sources, every warning an error (`make docs`)."""

import sys
from pathlib import Path

import tocsin

sys.path.insert(0, str(Path(__file__).parent))

import formats_page  # it lies beside this file, where Sphinx does not look

formats_page.write()

project = "Tocsin"
author = "The Tocsin authors"
copyright = "2026, The Tocsin authors"
version = release = tocsin.__version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"Tocsin {release}"
html_show_sphinx = False
# No network when the pages are read, and none when they are built.
html_theme_options = {"source_repository": ""}

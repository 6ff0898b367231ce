"""How Sphinx makes the site of these pages: `make site`, then open build/site/index.html."""

from importlib.metadata import version as installed

project = "selfd"
author = "the selfd authors"
release = version = installed("selfd")
extensions = ["myst_parser"]
exclude_patterns = ["tutorial/demo/books", "tutorial/demo/feeds"]
myst_heading_anchors = 3  # pages link to headings as on a forge
nitpicky = True  # a reference that leads nowhere is an error: the build treats warnings so
html_theme = "furo"
html_title = "selfd"
html_copy_source = False
html_show_sourcelink = False
html_static_path: list[str] = []

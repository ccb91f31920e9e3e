# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors that the source waits out. All others end it."""

from __future__ import annotations


class TransientError(Exception):
    """An error that may pass: the source tries again. ``wait`` is the seconds that the server asked for, or 0."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message.rstrip("."))
        self.wait = wait

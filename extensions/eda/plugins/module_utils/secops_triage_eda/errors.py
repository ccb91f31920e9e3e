# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong with a source."""

from __future__ import annotations


class SourceError(Exception):
    """What will not pass by itself."""


class PassingError(Exception):
    """What may pass. ``wait`` is the seconds that the server has asked for."""

    def __init__(self, what: str, wait: float = 0.0) -> None:
        super().__init__(what)
        self.wait = wait

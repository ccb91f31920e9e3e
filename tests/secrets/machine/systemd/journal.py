# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path


def send(**fields: t.Any) -> None:
    with Path(os.environ["SECRETS_JOURNAL"]).open("a") as file:
        file.write(json.dumps(fields) + "\n")


def sendv(*fields: str) -> None:
    send(fields=fields)

# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record the counts of every module of the collection, for the table of `make demo`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: tally
type: notification
short_description: Records the counts of every module
description:
  - Appends a line of JSON for every task to the file that E(SECOPS_TRIAGE_TALLY) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc] # ansible-core carries no types
    """Appends one line a task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "tally"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task is done."""
        said = {"task": result._task.get_name(), "counts": result._result.get("counts", {})}
        with Path(os.environ["SECOPS_TRIAGE_TALLY"]).open("a") as file:
            file.write(json.dumps(said) + "\n")

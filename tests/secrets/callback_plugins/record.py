# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write down every result that a callback is told of: what AWX, a log shipper or a chat bot could pass on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Writes down every result as JSON
description:
  - Appends a line of JSON for every result to the file that E(SECRETS_RESULTS) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc] # ansible-core carries no types
    """Appends one line a result, whole and as it is."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, result: Any, failed: bool) -> None:
        task = result._task
        said = {"task": task.get_name(), "failed": failed, "result": result._result}
        with Path(os.environ["SECRETS_RESULTS"]).open("a") as file:
            file.write(json.dumps(said, default=repr) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task is done."""
        self._record(result, False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task has failed."""
        self._record(result, True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host was not reached."""
        self._record(result, True)

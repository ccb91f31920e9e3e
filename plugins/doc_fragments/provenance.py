# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option in `PROVENANCE_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  provenance:
    description:
      - A line that says who has changed the alerts, which is added to each alert that was changed. It begins with
        C(Ansible), and is the last line of Datadog's archive comment, a comment of Security Deck, a finding of Calseta,
        or a note of Kibana.
      - V(none) and V(false) add no line. V(auto) and V(true) add a line with the job, the job template and the workflow
        of AWX, the rule of Event-Driven Ansible, the play and the user, as far as they are known. Any other text is
        added as it is.
      - The variables of AWX and of Event-Driven Ansible are known where the play runs. A module that is not run by a
        play uses the environment variable E(JOB_ID), if E(AWX_PRIVATE_DATA_DIR) is set, else C(USER).
      - If the line cannot be added, the task warns, but does not fail, because the change itself was made.
    version_added: 1.1.0
    type: str
    default: none
"""

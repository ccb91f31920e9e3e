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
      - Who has changed the alerts, as a line that is left with each one that was changed, for whoever looks at it
        later. It begins with C(Ansible), and goes where the platform has a place for it, which is the last line of
        Datadog's archive comment, a comment of Security Deck, a finding of Calseta, or a note of Kibana.
      - V(none) leaves none, and so does V(false). V(auto), or V(true), leaves one that names what is known of the job,
        the job template and the workflow of AWX, of the rule of Event-Driven Ansible, of the play and of the user. Any
        other text is left as it is.
      - The variables of AWX and of Event-Driven Ansible are known where the play runs. A module that is run by anything
        else goes by the environment variable E(JOB_ID), if there is an E(AWX_PRIVATE_DATA_DIR), else by C(USER).
      - Where the line could not be left, the task warns, and does not fail, for the change itself was made.
    version_added: 1.1.0
    type: str
    default: none
"""

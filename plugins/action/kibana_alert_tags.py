# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fills in the option provenance of `kibana_alert_tags`."""

from __future__ import annotations

from ansible_collections.secops.triage.plugins.plugin_utils._provenance import ProvenanceAction, main_of

ActionModule = ProvenanceAction
main = main_of("kibana_alert_tags")

# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin of `kibana_alert_info`. `make generate` writes this file."""

from __future__ import annotations

from ansible_collections.secops.triage.plugins.plugin_utils._action import ModuleAction, main_of


class ActionModule(ModuleAction):
    """Runs the task of `kibana_alert_info`."""

    module = "kibana_alert_info"


main = main_of(ActionModule.module)

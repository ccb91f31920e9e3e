# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no module that speaks HTTP can do without: Ansible's module object, requests, and a request."""

from __future__ import annotations

import requests
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule({"url": {"type": "str", "required": True}})
    requests.get(module.params["url"], timeout=30)
    module.exit_json()


if __name__ == "__main__":
    main()

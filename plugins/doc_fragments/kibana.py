# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `KIBANA_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - The address of Kibana, with its base path if it has one. It is needed, from here or from the environment.
      - If not set, the value of the environment variable E(KIBANA_URL) is used, else E(KIBANA_ENDPOINT).
    type: str
    aliases: [kibana_url]
  api_key:
    description:
      - An API key in its encoded form. The module also accepts the header's value, with C(ApiKey) before the key, and
        the JSON object that Elasticsearch returned.
      - If not set, the value of the environment variable E(KIBANA_API_KEY) is used.
    type: str
  username:
    description:
      - The name of a user, which goes with O(password). Credentials in a task come before those in the environment.
      - If not set, the value of the environment variable E(KIBANA_USERNAME) is used.
    type: str
  password:
    description:
      - The user's password.
      - If not set, the value of the environment variable E(KIBANA_PASSWORD) is used.
    type: str
  bearer_token:
    description:
      - A bearer token, as that of a service account.
      - If not set, the value of the environment variable E(KIBANA_BEARER_TOKEN) is used.
    type: str
  space_id:
    description:
      - The id of the Kibana space, if it is not the default one. An O(api_url) that ends in C(/s/SPACE) also sets it.
      - If not set, the value of the environment variable E(KIBANA_SPACE_ID) is used.
    type: str
"""

# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The connection options in `SECURITY_DECK_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  iam_token:
    description:
      - An IAM token, for O(provider=security_deck). The account needs the role C(security-deck.alertSinks.viewer) to
        look at alerts, and C(security-deck.alertSinks.editor) to change them.
      - An OAuth token, which begins with C(y0_), is refused. One in the environment is ignored if another
        authentication method is set.
      - If not set, the value of the environment variable E(YC_IAM_TOKEN) is used, else E(YC_TOKEN).
    type: str
  service_account_key_file:
    description:
      - The authorized key of a service account, as a file's path or as its JSON, for O(provider=security_deck).
        It is exchanged for an IAM token, which requires C(PyJWT[crypto]).
      - If not set, the value of the environment variable E(YC_SERVICE_ACCOUNT_KEY_FILE) is used.
    type: raw
  instance_metadata:
    description:
      - Whether to take the IAM token of the virtual machine that the module runs on, for O(provider=security_deck).
      - The metadata service is asked at C(169.254.169.254), or where the environment variable E(YC_METADATA_ADDR) says.
    type: bool
    default: false
  api_host:
    description:
      - The domain that the hosts of the cloud's APIs share, for O(provider=security_deck). In Kazakhstan it is
        V(api.yandexcloud.kz).
      - If not set, the value of the environment variable E(YC_ENDPOINT) is used.
    type: str
    default: api.cloud.yandex.net
"""

# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `DATADOG_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  api_key:
    description:
      - The API key, which goes with O(app_key).
      - If not set, the value of the environment variable E(DD_API_KEY) is used, else E(DATADOG_API_KEY).
    type: str
  app_key:
    description:
      - The application key. Its user needs the permission C(security_monitoring_signals_read), and also
        C(security_monitoring_signals_write) to change signals.
      - If not set, the value of the environment variable E(DD_APP_KEY) is used, else E(DATADOG_APP_KEY).
    type: str
    aliases: [application_key]
  access_token:
    description:
      - An access token, instead of the two keys. Credentials in a task come before those in the environment.
      - If not set, the value of the environment variable E(DD_ACCESS_TOKEN) is used, else E(DD_BEARER_TOKEN).
    type: str
  site:
    description:
      - The Datadog site of the organisation, such as V(datadoghq.com), V(us3.datadoghq.com), V(us5.datadoghq.com),
        V(ap1.datadoghq.com), V(ap2.datadoghq.com), V(datadoghq.eu) or V(ddog-gov.com).
      - If not set, the value of the environment variable E(DD_SITE) is used.
    type: str
    default: datadoghq.com
  api_url:
    description: The address of the API, instead of C(https://api.) and the O(site).
    type: str
    aliases: [api_host]
"""

# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts as they come up, of a platform that is asked for them, for it does not tell by itself."""

from __future__ import annotations

import importlib
import sys
import typing as t
from pathlib import Path

DOCUMENTATION = r"""
short_description: Poll Datadog, Elastic Security, Security Deck or Calseta for new alerts
version_added: 1.1.0
description:
  - Searches one platform again and again, as the info modules do, and gives an event for each alert that has come up
    since. Its shape is that of the filter C(secops.triage.normalize).
  - Every alert comes once, by its id, over restarts too if there is a O(checkpoint). After a crash, those of the last
    moment may come again.
  - After a 429, a 5xx or trouble with the network it waits, as long as it is told to or longer and longer, and goes on.
    What will not pass by itself ends it, such as refused credentials or a bad query.
  - Credentials are best left to the environment. The variables are those of the modules. What is given here is not
    mixed with what the environment holds.
  - No redirect is followed.
options:
  platform:
    description: Where the alerts are.
    type: str
    required: true
    choices: [datadog, kibana, security_deck, calseta]
  query:
    description:
      - Which alerts, as the info modules take it. If not given, all of them.
      - For V(datadog) a search in Datadog's language, for V(kibana) a query in Elasticsearch's query DSL.
      - For V(security_deck) C(sink_id), which is required, and C(filter).
      - For V(calseta) C(status), C(severity) and C(source_name), each a list.
    type: raw
  only_new:
    description:
      - Whether alerts that somebody has taken up or closed, before they were seen here, are left out.
      - What the runbook itself does is no reason for an event, because an alert comes only once.
    type: bool
    default: true
  since:
    description:
      - The time from which on alerts count, at the first start, such as V(2026-01-31T08:00:00Z) or V(now-1h).
      - Where there is a O(checkpoint), it goes on from there.
    type: str
    default: now
  interval:
    description: Seconds between two searches.
    type: float
    default: 60
  overlap:
    description:
      - Seconds by which each search goes back behind the newest alert that was seen. What comes up later than that
        with an earlier time is missed, as where a search lags behind.
    type: float
    default: 300
  max_alerts:
    description: The most events of one search. The others follow after the next one, the oldest first.
    type: int
    default: 1000
  checkpoint:
    description:
      - A file that keeps how far it has come. Its folder must exist. Each source needs one of its own.
      - Without it, every start begins at O(since).
    type: path
  raw:
    description:
      - Whether each event also has the platform's own object, as C(alert.raw). Ansible would run the templates in it.
    type: bool
    default: false
  api_url:
    description:
      - The address of the API. Required for V(kibana) (E(KIBANA_URL), E(KIBANA_ENDPOINT)) and V(calseta)
        (E(CALSETA_API_URL)).
    type: str
  allow_http:
    description: Whether credentials may go over plain HTTP to another machine.
    type: bool
    default: false
  validate_certs:
    description: Whether the server's certificate must be good.
    type: bool
    default: true
  ca_path:
    description:
      - A file or a folder of CA certificates. If not given, E(REQUESTS_CA_BUNDLE), E(CURL_CA_BUNDLE), E(SSL_CERT_FILE)
        or those of the system.
    type: path
  proxy:
    description: The proxy, if not the one that the environment names.
    type: str
  timeout:
    description: Seconds that one request may take.
    type: float
    default: 30
  api_key:
    description:
      - For V(datadog) (E(DD_API_KEY), E(DATADOG_API_KEY)), V(kibana) (E(KIBANA_API_KEY)) and V(calseta)
        (E(CALSETA_API_KEY)).
    type: str
  app_key:
    description: For V(datadog) (E(DD_APP_KEY), E(DATADOG_APP_KEY)).
    type: str
  access_token:
    description: For V(datadog), in place of the two keys (E(DD_ACCESS_TOKEN), E(DD_BEARER_TOKEN)).
    type: str
  site:
    description: For V(datadog) (E(DD_SITE)), such as V(datadoghq.eu). If not given, V(datadoghq.com).
    type: str
  username:
    description: For V(kibana), with O(password) (E(KIBANA_USERNAME)).
    type: str
  password:
    description: For V(kibana) (E(KIBANA_PASSWORD)).
    type: str
  bearer_token:
    description: For V(kibana) (E(KIBANA_BEARER_TOKEN)).
    type: str
  space_id:
    description: For V(kibana), the space (E(KIBANA_SPACE_ID)).
    type: str
  iam_token:
    description: For V(security_deck) (E(YC_IAM_TOKEN), E(YC_TOKEN)). It lives for 12 hours at most.
    type: str
  service_account_key_file:
    description:
      - For V(security_deck), the path or the JSON of an authorized key (E(YC_SERVICE_ACCOUNT_KEY_FILE)). It takes
        C(PyJWT[crypto]).
    type: raw
  instance_metadata:
    description: For V(security_deck), whether to take the token of the virtual machine.
    type: bool
    default: false
  api_host:
    description: For V(security_deck) (E(YC_ENDPOINT)). If not given, V(api.cloud.yandex.net).
    type: str
author:
  - secops.triage contributors (@ansible-collections)
"""

EXAMPLES = r"""
- name: See new alerts of Elastic Security that are serious
  hosts: localhost
  sources:
    - secops.triage.alerts:
        platform: kibana
        checkpoint: /var/lib/eda/kibana.json
        query:
          terms:
            kibana.alert.severity: [high, critical]
  rules:
    - name: Show it
      condition: event.alert.new == true
      action:
        print_event:
"""

_LIBRARY = str(Path(__file__).parents[1] / "module_utils")
if _LIBRARY not in sys.path:
    # ansible-rulebook runs this file by its path: what plugins share is found from there.
    sys.path.append(_LIBRARY)
_polling = importlib.import_module("secops_triage_eda.polling")


async def main(queue: t.Any, args: dict[str, t.Any]) -> None:
    """Put alerts into the queue until cancelled."""
    await _polling.poll(queue, args)

# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""New alerts of a platform that is polled."""

from __future__ import annotations

import importlib.util
import typing as t
from pathlib import Path

DOCUMENTATION = r"""
short_description: Poll Datadog, Elastic Security, Security Deck or Calseta for new alerts
version_added: 1.1.0
description:
  - Searches one platform at an interval, as the info modules do. Each new alert becomes an event, in the shape that the
    filter C(secops.triage.normalize) gives.
  - An alert becomes an event at least once. While the source runs, it becomes one only, by its id. A restart makes
    events of the last O(lookback) seconds again where the alerts are still new, if there is a O(checkpoint).
  - Events come page by page while the search goes on, so that no number of alerts holds them up or fills the memory.
    Within a page the oldest alert comes first. Datadog and Elastic Security show the oldest page first, Security Deck
    and Calseta the newest.
  - After a 429, a 5xx or a network error the source waits and tries again. It waits as long as the server asks, and
    longer after each failure. Permanent errors stop the source, such as refused credentials or a bad query.
  - Set credentials in the environment. The variables are those of the modules. Credentials given here are not mixed
    with those of the environment. Give only one way to authenticate. Empty values and empty variables count as unset.
  - The source follows no redirect.
options:
  platform:
    description: The platform to poll.
    type: str
    required: true
    choices: [datadog, kibana, security_deck, calseta]
  query:
    description:
      - The alerts to find, as the info modules take it. The default is all alerts.
      - For V(datadog) a search in Datadog's language, for V(kibana) a query in Elasticsearch's query DSL.
      - For V(security_deck) C(sink_id), which is required, and C(filter).
      - For V(calseta) C(status), C(severity) and C(source_name), each a list.
    type: raw
  only_new:
    description:
      - Leave out alerts that somebody took up or closed before the source saw them.
      - The runbook's own changes make no event. With V(false) a restart repeats all alerts of the last O(lookback)
        seconds, whatever their status.
    type: bool
    default: true
  since:
    description:
      - Where the first start begins, such as V(2026-01-31T08:00:00Z) or V(now-1h). Older alerts never become events.
      - A O(checkpoint) that exists takes its place.
    type: str
    default: now
  interval:
    description: Seconds between two searches.
    type: float
    default: 60
  overlap:
    description:
      - How many seconds before the newest alert each search begins. An alert that becomes searchable later than that
        after its own time is missed.
    type: float
    default: 300
  lookback:
    description:
      - How many seconds before the newest alert the first search after a restart begins, if there is a O(checkpoint).
        The alerts that it finds and that are still new become events again.
      - Set it to the longest time that an alert may wait for its runbook. A longer one repeats more alerts that no
        runbook takes up.
    type: float
    default: 86400
  heartbeat:
    description:
      - Seconds between two heartbeats. V(0) means none.
      - A heartbeat is an event with C(heartbeat) in place of C(alert). It has the keys C(platform), C(time),
        C(last_search) (when the platform last showed a page; C(null) before the first), C(newest_alert) (how far the
        source has come), C(events) (since this start) and C(failures) (in a row). The log has it, too, at level INFO.
      - It goes through the same queue as the alerts, so it stops where rules hold the source up.
    type: float
    default: 0
  checkpoint:
    description:
      - A file that keeps how far the source has come. Its folder must exist. Each source needs a file of its own.
      - It holds the time of the newest alert, which says where the next start begins. It does not say which events were
        worked on.
      - Without it, every start begins at O(since), and alerts that were waiting for their runbook are lost.
    type: path
  raw:
    description:
      - Add the platform's own object to each event as C(alert.raw). Ansible would run templates in it.
    type: bool
    default: false
  api_url:
    description:
      - The address of the API. Required for V(kibana) (E(KIBANA_URL), E(KIBANA_ENDPOINT)) and V(calseta)
        (E(CALSETA_API_URL)).
    type: str
  allow_http:
    description: Send credentials over plain HTTP to another machine.
    type: bool
    default: false
  validate_certs:
    description: Verify the server's certificate.
    type: bool
    default: true
  ca_path:
    description:
      - A file or a folder of CA certificates. The default is E(REQUESTS_CA_BUNDLE), E(CURL_CA_BUNDLE),
        E(SSL_CERT_FILE) or those of the system.
    type: path
  proxy:
    description:
      - The proxy. The default is the one that the environment names, except for addresses of this machine.
      - Plain HTTP through this proxy needs O(allow_http), for the proxy sees the credentials.
    type: str
  timeout:
    description:
      - The most seconds for one exchange, from connecting to the last byte. An answer is read up to 64 MiB.
    type: float
    default: 30
  api_key:
    description:
      - For V(datadog) (E(DD_API_KEY), E(DATADOG_API_KEY)), V(kibana) (E(KIBANA_API_KEY)) and V(calseta)
        (E(CALSETA_API_KEY)). For V(kibana) the encoded key, or the object that Elasticsearch returned with it.
    type: str
  app_key:
    description: For V(datadog) (E(DD_APP_KEY), E(DATADOG_APP_KEY)).
    type: str
  access_token:
    description: For V(datadog), in place of the two keys (E(DD_ACCESS_TOKEN), E(DD_BEARER_TOKEN)).
    type: str
  site:
    description:
      - For V(datadog) (E(DD_SITE)), such as V(datadoghq.eu). The default is V(datadoghq.com).
      - Only Datadog's own domains are taken. O(api_url) is for a gateway.
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
    description:
      - For V(security_deck) (E(YC_IAM_TOKEN), E(YC_TOKEN)). It lives for 12 hours at most.
      - An OAuth token (C(y0_...)) is refused. One in the environment gives way to O(service_account_key_file).
    type: str
  service_account_key_file:
    description:
      - For V(security_deck), the path or the JSON of an authorized key (E(YC_SERVICE_ACCOUNT_KEY_FILE)). This
        needs C(PyJWT[crypto]).
    type: raw
  instance_metadata:
    description: For V(security_deck), use the token of the virtual machine.
    type: bool
    default: false
  api_host:
    description: For V(security_deck) (E(YC_ENDPOINT)). The default is V(api.cloud.yandex.net).
    type: str
author:
  - secops.triage contributors (@ansible-collections)
"""

EXAMPLES = r"""
- name: Show new alerts of Elastic Security that are serious
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

# ansible-rulebook runs this file by its path: the shared code is found from there.
_spec: t.Any = importlib.util.spec_from_file_location(
    "secops_triage_loading", Path(__file__).parents[1] / "module_utils" / "secops_triage_eda" / "loading.py"
)
_loading = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_loading)
_polling = _loading.load("polling")


async def main(queue: t.Any, args: dict[str, t.Any]) -> None:
    """Put alerts into the queue until cancelled."""
    await _polling.poll(queue, args)

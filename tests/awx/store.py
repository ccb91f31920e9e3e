# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a controller keeps: its objects by type and number, with the fields that it adds, and what it refuses."""

from __future__ import annotations

import copy
import threading
import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.secops.triage.tests.unit.awx.rules import wrong_injectors, wrong_inputs, wrong_survey

from .fields import ALLOWED_BY, FIELDS, IDENTITY, JOBS, RELATED, ROLES, Item

HIDDEN = "$encrypted$"
GALAXY = "Ansible Galaxy/Automation Hub API Token"


#: What a search says of its pages. There is only one page here.
PAGING = ("page", "page_size")


def _matches(values: Item, key: str, wanted: str) -> bool:
    """Whether a field has the value, or, for a name that ends in ``__in``, one of the values."""
    name, among, _rest = key.partition("__in")
    return str(values.get(name)) in wanted.split(",") if among else str(values.get(key)) == wanted


class RefusedError(Exception):
    """What the controller does not take: the field, and what is wrong with it."""


class Store:
    """The objects. `playbooks` are those of every project, once it was synced; `sync` says how its next sync ends."""

    def __init__(self, playbooks: Sequence[str]) -> None:
        self.playbooks = playbooks
        self.sync = "successful"
        self.items: dict[str, dict[int, Item]] = {kind: {} for kind in FIELDS}
        #: By the type, the number and the name of the association.
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Item] = {}
        self._number = 0
        self._numbering = threading.Lock()
        default = self.create("organizations", {"name": "Default"})
        galaxy = self.create(
            "credential_types", {"name": GALAXY, "kind": "galaxy", "managed": True, "inputs": {"fields": []}}
        )
        found = self.create("credentials", {"name": "Ansible Galaxy", "credential_type": galaxy["id"]})
        self.links["organizations", default["id"], "galaxy_credentials"] = [found["id"]]

    def named(self, kind: str, name: str) -> Item:
        """The object of that name, to look into or to change by hand."""
        names = ("name", "identifier", "username")
        return next(one for one in self.items[kind].values() if name in map(one.get, names))

    def questions(self, kind: str, number: int) -> list[Item]:
        """What a survey asks for at launch, if it is enabled."""
        asked: list[Item] = self.surveys.get((kind, number), {}).get("spec", [])
        return asked if self.items[kind][number]["survey_enabled"] else []

    def allows(self, user: Item, action: str, kind: str, number: int) -> bool:
        """Whether a role on the object, given to the user or to a team of the user, lets the user do that."""
        groups = [one for one in self.items["teams"] if user["id"] in self.links.get(("teams", one, "users"), [])]
        return user["is_superuser"] or any(
            user["id"] in self.links.get(("roles", role, "users"), [])
            or set(groups) & set(self.links.get(("roles", role, "teams"), []))
            for role, one in self.items["roles"].items()
            if (one["kind"], one["number"]) == (kind, number) and one["name"] in ALLOWED_BY[action]
        )

    def kinds(self, kind: str) -> Sequence[str]:
        return JOBS if kind == "unified_job_templates" else [kind]

    def find(self, kind: str, wanted: Mapping[str, str]) -> Iterator[tuple[str, Item]]:
        """The objects, with their types, in which these fields have these values."""
        for one in self.kinds(kind):
            for item in self.items[one].values():
                values = {**item, "type": one[:-1], "organization": self._organization(one, item)}
                if all(_matches(values, key, value) for key, value in wanted.items() if key not in PAGING):
                    yield one, item

    def _organization(self, kind: str, item: Item) -> t.Any:
        """A job template has that of its project."""
        if kind != "job_templates":
            return item.get("organization")
        return self.items["projects"][item["project"]]["organization"] if item["project"] else None

    def create(self, kind: str, fields: Mapping[str, t.Any]) -> Item:
        item = {**copy.deepcopy(FIELDS[kind]), **self._checked(kind, fields)}
        identity = IDENTITY.get(kind, ["name"])
        if identity and any(all(one[key] == item[key] for key in identity) for one in self.items[kind].values()):
            raise RefusedError("__all__", "there is one already")
        self._whole(kind, item)
        made = self.add(kind, **item)
        for role in ROLES.get(kind, []):
            self.add("roles", name=role, kind=kind, number=made["id"])
        if kind == "projects":
            self.update_project(made)
        return made

    def add(self, collection: str, /, **fields: t.Any) -> Item:
        """An object, as it is, with a number."""
        with self._numbering:
            self._number += 1
            made = {**fields, "id": self._number}
            # Somebody may be going through the old ones at this moment.
            self.items[collection] = {**self.items[collection], self._number: made}
        return made

    def change(self, kind: str, number: int, fields: Mapping[str, t.Any]) -> Item:
        item = self.items[kind][number]
        changed = {**item, **self._checked(kind, fields)}
        self._whole(kind, changed)
        moved = any(changed[one] != item[one] for one in ("scm_url", "scm_branch") if one in item)
        item.update(changed)
        if moved:
            self.update_project(item)
        return item

    def update_project(self, project: Item) -> Item:
        """Begin a sync. It ends once somebody asks how it went."""
        update = self.add("project_updates", project=project["id"], status="pending", finished=None, failed=False)
        project.update(status="pending", current_update=update["id"], scm_revision=project.get("scm_revision", ""))
        return update

    def finish_update(self, update: Item) -> None:
        """After a first sync that failed a project has no revision, and no playbook."""
        if update["finished"]:
            return
        project = self.items["projects"][update["project"]]
        revision = "0" * 40 if self.sync == "successful" else project["scm_revision"]
        update.update(
            status=self.sync, finished="2026-01-31T12:00:00Z", failed=self.sync == "failed", scm_revision=revision
        )
        project.update(status=self.sync, current_update=None, scm_revision=revision)

    def _checked(self, kind: str, fields: Mapping[str, t.Any]) -> Item:
        """The fields that the type has, as they are kept: others are dropped without a word."""
        known = {key: value for key, value in fields.items() if key in FIELDS[kind]}
        for key, value in known.items():
            default = FIELDS[kind][key]
            if default is not None and not isinstance(value, type(default)):
                raise RefusedError(key, f"{value!r} is not of the right type")
            kinds = RELATED.get(key, [])
            if kinds and value is not None and not any(value in self.items[one] for one in kinds):
                raise RefusedError(key, f"there is no {value}")
        return known

    def _whole(self, kind: str, item: Item) -> None:
        """An object must make sense as a whole."""
        faults: list[str] = []
        if kind == "credential_types":
            faults = [*wrong_inputs(item["inputs"]), *wrong_injectors(item["inputs"], item["injectors"])]
        if kind == "credentials":
            fields = self.items["credential_types"][item["credential_type"]]["inputs"]
            known = {field["id"] for field in fields["fields"]}
            faults = [f"no such input: {key}" for key in set(item["inputs"]) - known]
        if kind == "job_templates":
            synced = item["project"] and self.items["projects"][item["project"]]["scm_revision"]
            faults = [] if synced and item["playbook"] in self.playbooks else ["Playbook not found for project."]
        if faults:
            raise RefusedError(kind, faults)

    def write_survey(self, kind: str, number: int, survey: Item) -> None:
        faults = list(wrong_survey(survey))
        if faults:
            raise RefusedError("error", faults)
        self.surveys[kind, number] = survey

    def shown(self, kind: str, item: Item) -> Item:
        """The object as an answer has it: with its addresses, and without its secrets."""
        number = item["id"]
        url = f"/api/v2/{kind}/{number}/"
        related = {"survey_spec": f"{url}survey_spec/", "update": f"{url}update/", "launch": f"{url}launch/"}
        if item.get("unified_job_template"):
            job = item["unified_job_template"]
            related["unified_job_template"] = next(f"/api/v2/{one}/{job}/" for one in JOBS if job in self.items[one])
        seen = {**item, "url": url, "type": kind[:-1], "related": related, "summary_fields": self._summary(kind, item)}
        if kind == "job_templates":
            seen["organization"] = self._organization(kind, item)
            seen["summary_fields"]["organization"] = {"name": self.items["organizations"][seen["organization"]]["name"]}
        if kind in ("jobs", "workflow_jobs"):
            seen["created"] = "2026-01-31T12:00:00Z"
        if kind == "credentials":
            fields = self.items["credential_types"][item["credential_type"]]["inputs"]["fields"]
            secret = {field["id"] for field in fields if field.get("secret")}
            seen["inputs"] = {key: HIDDEN if key in secret else value for key, value in item["inputs"].items()}
        return seen

    def _summary(self, kind: str, item: Item) -> Item:
        if item.get("current_update"):
            return {"current_update": {"id": item["current_update"]}}
        roles = [one for one in self.items["roles"].values() if (one["kind"], one["number"]) == (kind, item["id"])]
        return {"object_roles": {one["name"]: {"id": one["id"]} for one in roles}} if roles else {}

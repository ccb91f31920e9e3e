# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Deck's messages, made at run time from tables: nobody publishes them as a package.

They are our reading of the API page, and of a newer page of the same call that adds severity and tags. What is checked
with them is that we say what we mean, in the JSON form of protocol buffers; not that we mean the right thing.
"""

from __future__ import annotations

import json
import typing as t

from google.protobuf import any_pb2, field_mask_pb2, json_format, struct_pb2, timestamp_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    OneofDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

_KNOWN = (any_pb2, field_mask_pb2, struct_pb2, timestamp_pb2)
_DECK = "yandex.cloud.securitydeck.alerts.v1"

#: Enums, by package; their first value is the one for "not set".
_ENUMS = {
    f"{_DECK}.Alert.Status": ("STATUS_UNSPECIFIED", "OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED"),
    f"{_DECK}.Alert.Severity": ("SEVERITY_UNSPECIFIED", "INFO", "LOW", "MEDIUM", "HIGH"),
    f"{_DECK}.Alert.Classification": (
        "CLASSIFICATION_UNSPECIFIED",
        "TRUE_POSITIVE",
        "BENIGN_POSITIVE",
        "FALSE_POSITIVE",
        "UNDETERMINED",
    ),
}

#: Messages and their fields: name and type, an asterisk for a repeated one, and after a bar the name of its oneof.
_MESSAGES = {
    f"{_DECK}.UpdateAlertRequest": f"""
        alert_id string, update_mask google.protobuf.FieldMask, status {_DECK}.Alert.Status,
        classification {_DECK}.Alert.Classification, assignee_subject_id string|assignee,
        severity {_DECK}.Alert.Severity, tags string*""",
    f"{_DECK}.UpdateAlertMetadata": "alert_id string",
    f"{_DECK}.Alert": f"""
        id string, sink_id string, title string, description string, recommendations string,
        severity {_DECK}.Alert.Severity, status {_DECK}.Alert.Status, category {_DECK}.Category,
        classification {_DECK}.Alert.Classification, created_by {_DECK}.Actor, assignee {_DECK}.Assignee,
        create_time google.protobuf.Timestamp, update_time google.protobuf.Timestamp,
        details google.protobuf.Struct, tags string*""",
    f"{_DECK}.Category": "name string",
    f"{_DECK}.Actor": f"subject {_DECK}.Subject|actor, sensor {_DECK}.Sensor|actor",
    f"{_DECK}.Assignee": f"subject {_DECK}.Subject|assignee",
    f"{_DECK}.Subject": "id string",
    f"{_DECK}.Sensor": "id string",
    f"{_DECK}.ListAlertsRequest": """
        sink_id string, language_code string, filter string, order_by string*, page_size int64, page_token string""",
    f"{_DECK}.ListAlertsResponse": f"alerts {_DECK}.Alert*, next_page_token string",
    f"{_DECK}.Comment": f"""
        id string, alert_id string, created_by {_DECK}.Actor, create_time google.protobuf.Timestamp,
        updated_by {_DECK}.Actor, update_time google.protobuf.Timestamp, text string""",
    f"{_DECK}.CreateCommentRequest": "alert_id string, text string",
    f"{_DECK}.CreateCommentMetadata": "comment_id string",
    f"{_DECK}.ListCommentsRequest": "alert_id string, page_size int64, page_token string",
    f"{_DECK}.ListCommentsResponse": f"comments {_DECK}.Comment*, next_page_token string",
    "yandex.cloud.operation.Operation": """
        id string, description string, created_at google.protobuf.Timestamp, created_by string,
        modified_at google.protobuf.Timestamp, done bool, metadata google.protobuf.Any,
        error google.rpc.Status|result, response google.protobuf.Any|result""",
    "google.rpc.Status": "code int32, message string, details google.protobuf.Any*",
    "google.rpc.RequestInfo": "request_id string, serving_data string",
}


def _field(number: int, text: str) -> tuple[FieldDescriptorProto, str]:
    """A field as described by its text, and the name of its oneof."""
    words, _bar, oneof = text.partition("|")
    name, kind = words.split()
    plain = kind.rstrip("*")
    field = FieldDescriptorProto(name=name, number=number)
    field.label = FieldDescriptorProto.Label.Value("LABEL_REPEATED" if kind != plain else "LABEL_OPTIONAL")
    if "." in plain:
        field.type_name = f".{plain}"
        field.type = FieldDescriptorProto.Type.Value("TYPE_ENUM" if plain in _ENUMS else "TYPE_MESSAGE")
    else:
        field.type = FieldDescriptorProto.Type.Value(f"TYPE_{plain.upper()}")
    return field, oneof


def _message(name: str, fields: str) -> DescriptorProto:
    message = DescriptorProto(name=name.rpartition(".")[2])
    oneofs: list[str] = []
    for number, text in enumerate(fields.split(","), 1):
        field, oneof = _field(number, text)
        if oneof and oneof not in oneofs:
            oneofs.append(oneof)
            message.oneof_decl.append(OneofDescriptorProto(name=oneof))
        if oneof:
            field.oneof_index = oneofs.index(oneof)
        message.field.append(field)
    for enum, values in _ENUMS.items():
        if enum.rpartition(".")[0] == name:
            described = EnumDescriptorProto(name=enum.rpartition(".")[2])
            for number, value in enumerate(values):
                described.value.add(name=value, number=number)
            message.enum_type.append(described)
    return message


def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    files: dict[str, FileDescriptorProto] = {}
    for module in _KNOWN:
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    for name, fields in _MESSAGES.items():
        package = name.rpartition(".")[0]
        file = files.setdefault(package, FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3"))
        file.message_type.append(_message(name, fields))
    for package in ("google.rpc", "yandex.cloud.operation", _DECK):
        file = files[package]
        file.dependency.extend(module.DESCRIPTOR.name for module in _KNOWN)
        if package == "yandex.cloud.operation":
            file.dependency.append("google.rpc.proto")
        pool.Add(file)
    return pool


POOL = _pool()


def parsed(name: str, body: t.Any) -> t.Any:
    """The message of this name, of a body without any unknown field, value or form; raises `ParseError` for others."""
    full = name if "." in name else f"{_DECK}.{name}"
    message: Message = GetMessageClass(POOL.FindMessageTypeByName(full))()
    return json_format.Parse(json.dumps(body), message, descriptor_pool=POOL)


def written(message: Message) -> dict[str, t.Any]:
    """The message in the one JSON form that protocol buffers themselves write."""
    shown: dict[str, t.Any] = json_format.MessageToDict(message, descriptor_pool=POOL)
    return shown

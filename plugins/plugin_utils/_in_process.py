# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the task of a module in Ansible's worker process, with the result that the module would have.

The worker may be told to stop at any moment: Ansible's time-out raises an exception in its main thread. So the work is
done in another thread, which then sends nothing more, and reports what became of every alert.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
import os
import signal
import threading
import time
import typing as t
import warnings
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common import json as ansible_json
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.secops.triage.plugins.module_utils._core.errors import TriageError
from ansible_collections.secops.triage.plugins.module_utils._core.secret_forms import Secrets
from ansible_collections.secops.triage.plugins.module_utils._flow.task import (
    CRASH,
    Report,
    Task,
    context_of,
    perform,
)
from ansible_collections.secops.triage.plugins.module_utils._http.deadline import break_off
from ansible_collections.secops.triage.plugins.module_utils._http.transport import REQUESTS_IMPORT_ERROR

from ._action import UNFINISHED

Fields = dict[str, t.Any]

#: Seconds for which requests under way may still be answered when the task was stopped, and until all must have ended.
_GRACE, _END = 1.0, 15.0


@dataclasses.dataclass(frozen=True)
class Parsed:
    """A task's options as a module would see them, and ``internal``, what Ansible tells every module besides."""

    task: Task
    params: Fields
    #: The texts to hide. They grow while the task runs.
    secrets: Secrets
    internal: Fields
    #: Where the worker is before and after the task.
    home: Path = dataclasses.field(default_factory=Path.cwd)

    @classmethod
    def of(cls, task: Task, args: t.Mapping[str, t.Any], internal: Fields) -> Parsed | None:
        """The options of a task; V(None) if a module would have an error or a warning about them."""
        arguments = task.arguments()
        found = ArgumentSpecValidator(**arguments).validate(plain(args))
        # The list of errors is an exception, which is true when it is empty, too.
        if found.errors.errors or found._warnings or found._deprecations:
            return None
        return cls(task, found.validated_parameters, Secrets(found._no_log_values), internal)

    def log(self) -> None:
        """Write the line to the system's log that every module writes."""
        _Log(self)._log_invocation()

    def run(self, folder: str, timeout: int | None) -> Fields:
        """Do the work in this process. ``folder`` is where relative paths begin; ``timeout`` is that of the task."""
        work = _Work(self, timeout)
        with silent(), _within(folder, self.home):
            try:
                work.wait()
            except BaseException as interruption:
                finished = work.result is not None
                work.stop()
                if type(interruption).__name__ != "TaskTimeoutError":
                    raise
                return work.ended() if finished else _timed_out(work.ended(), timeout)
        return work.ended()


class _Log(AnsibleModule):  # type: ignore[misc]  # ansible-core carries no types
    """The part of a module that writes to the system's log."""

    def __init__(self, parsed: Parsed) -> None:
        # Ansible's own constructor reads the options from standard input.
        self.params = parsed.params
        self.argument_spec = parsed.task.arguments()["argument_spec"]
        self.aliases: dict[str, str] = {}
        self.no_log_values = parsed.secrets
        self._name = parsed.internal["_ansible_module_name"]
        self.no_log = parsed.internal["_ansible_no_log"]
        self._debug = parsed.internal["_ansible_debug"]
        self._syslog_facility = parsed.internal["_ansible_syslog_facility"]
        self._target_log_info = parsed.internal.get("_ansible_target_log_info")


def task_of(module: str) -> Task | None:
    """The task of a module; V(None) if a package that it needs is missing here."""
    with silent():
        task: Task = importlib.import_module(module).TASK
    return None if REQUESTS_IMPORT_ERROR else task


def plain(args: t.Mapping[str, t.Any]) -> Fields:
    """The options as a module reads them: decrypted, and of no types but those of JSON."""
    module_encoder = getattr(ansible_json, "get_module_encoder", None)
    if module_encoder is not None:
        encoder = module_encoder("legacy", ansible_json.Direction.CONTROLLER_TO_MODULE)
        return t.cast(Fields, json.loads(json.dumps(args, cls=encoder)))
    # Before ansible-core 2.19
    return t.cast(Fields, json.loads(json.dumps(args, cls=ansible_json.AnsibleJSONEncoder, vault_to_text=True)))


@contextlib.contextmanager
def silent() -> t.Iterator[None]:
    """Ignore Python's warnings: those of a module go nowhere, and those of a worker to the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _unknown(msg: str) -> Fields:
    """The result of a task of which nobody knows what it has done."""
    return {"failed": True, "changed": True, "error": TriageError(msg).report(), "msg": msg}


class _Work:
    """The work of a task, in a thread of its own."""

    def __init__(self, parsed: Parsed, timeout: int | None) -> None:
        self._parsed = parsed
        self._timeout = timeout
        self._stopped = threading.Event()
        self._parent = os.getppid()
        #: Held until the result is there. Where a signal interrupts it, ``Thread.join`` takes the thread for ended.
        self._ended = threading.Lock()
        #: The result of the task, once it has ended.
        self.result: Fields | None = None

    def wait(self) -> None:
        """Do the work."""
        self._ended.acquire()
        threading.Thread(target=self._run, daemon=True).start()
        while self.result is None:
            # A signal may have been meant for another thread, so this one looks up now and then.
            self._ended.acquire(timeout=0.5)

    def _run(self) -> None:
        try:
            result = self._result()
        except Exception as error:  # noqa: BLE001  # Python would print it
            result = _unknown(f"{CRASH}: {type(error).__name__}")
        if self._timeout:
            # From here on the time-out could only hide the result.
            signal.alarm(0)
        self.result = result
        self._ended.release()

    def _result(self) -> Fields:
        parsed = self._parsed
        context = context_of(
            parsed.params,
            parsed.secrets,
            read_only=bool(parsed.internal["_ansible_check_mode"]),
            diff=bool(parsed.internal["_ansible_diff"]),
            is_stopped=self._is_stopped,
        )
        return result_of(parsed, perform(parsed.task, parsed.params, context))

    def stop(self) -> None:
        """Send nothing more, and end what is under way."""
        self._stopped.set()
        end = time.monotonic() + _END
        self._ended.acquire(timeout=_GRACE)
        while self.result is None and time.monotonic() < end:
            break_off()
            self._ended.acquire(timeout=0.1)

    def ended(self) -> Fields:
        """The result; if there is none, one that says so."""
        return self.result or _unknown(UNFINISHED)

    def _is_stopped(self) -> bool:
        return self._stopped.is_set() or os.getppid() != self._parent


def result_of(parsed: Parsed, report: Report) -> Fields:
    """The result that a module prints, and Ansible reads."""
    result = dict(report.fields)
    if report.failure:
        result.update(failed=True, msg=report.failure)
    if report.traceback and parsed.internal.get("_ansible_tracebacks_for", True):
        result["exception"] = report.traceback
    if report.warnings:
        result["warnings"] = list(report.warnings)
    if parsed.internal.get("_ansible_inject_invocation", True):
        result["invocation"] = {"module_args": parsed.params}
    kept = {key: value for key, value in result.items() if value is None or isinstance(value, bool)}
    # A module's result is never a template.
    return t.cast(Fields, wrap_var({**remove_values(result, parsed.secrets), **kept}))


def _timed_out(result: Fields, timeout: int | None) -> Fields:
    """The result of a task that was stopped, unless what was under way then was all that was left to do."""
    if not result.get("failed"):
        return result
    msg = f"The task was stopped after {timeout} s, its timeout. {result['msg']}"
    return {**result, "msg": msg, "timedout": {"period": timeout}}


@contextlib.contextmanager
def _within(folder: str, home: Path) -> t.Iterator[None]:
    """Work in this folder, as modules do on the machine that runs the play, and go home again."""
    os.chdir(folder)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.chdir(home)

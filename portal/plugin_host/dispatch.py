"""The one place that calls a plugin: gated, isolated, checked, timed.

A plain `pm.hook` call would stop at the first exception and know nothing of projects; so the
hook's own list of implementations is walked here. Read hooks need no savepoint: they run after the
request's writes are committed, or in a transaction that only reads, and get no ORM objects to
change. Checks fail closed.
"""

import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app
from pluggy import HookImpl

from portal.config import Settings
from portal.extensions import db, transaction_kept
from portal.jobs.registry import Handler, JobRun
from portal.jobs.run import HandedOverError, LeaseLostError
from portal.plugin_host import faults
from portal.plugin_host.acting import acting
from portal.plugin_host.hookspecs import RETURNS
from portal.plugin_host.ownership import check_ownership
from portal.plugin_host.slow import SLOW_SECONDS, SlowHooks
from portal.plugin_host.state import enabled_for, host
from portal.tracing import request_id

_log = logging.getLogger("portal.plugins")
_slow_log = logging.getLogger("portal.slow")


@dataclass(frozen=True)
class Answer:
    """What one plugin answered, or the reference under which staff find what went wrong."""

    plugin: str
    value: Any = None
    fault: str | None = None


def call(hook: str, *, project: Any = None, **arguments: Any) -> list[Answer]:
    """Ask every plugin that is on in `project` (every loaded one, without), in order of names.

    A plugin that fails gives an Answer with a fault; the others are asked all the same. In tests
    and development the exception goes on.
    """
    answers = []
    for implementation in _asked(hook, project):
        answers.append(_ask(hook, implementation, project, arguments))
    return answers


def ask(hook: str, *, plugin: str, project: Any, **arguments: Any) -> Answer | None:
    """Ask one plugin as `call` asks them all; None when it is off, slow, or without it."""
    for implementation in _asked(hook, project):
        if implementation.plugin_name == plugin:
            return _ask(hook, implementation, project, arguments)
    return None


def act(hook: str, *, plugin: str, project: Any, **arguments: Any) -> str | None:
    """Let one plugin act, on or off, in a savepoint of its own; return a reference if it failed.

    What a plugin that failed did is undone; one that ends the transaction has failed, too.
    """
    for implementation in implementations(hook, plugin):
        savepoint = db.session.begin_nested()
        answer = _ask(hook, implementation, project, arguments, checking=True)
        try:
            savepoint.rollback() if answer.fault else savepoint.commit()
        except sa.exc.SQLAlchemyError as error:
            # The plugin ended the transaction by itself, or its last writes are impossible.
            return answer.fault or _note(plugin, hook, project, error)
        return answer.fault
    return None


def implementations(hook: str, plugin: str) -> list[HookImpl]:
    """Return a plugin's implementation of a hook: none or one."""
    found = getattr(host().manager.hook, hook).get_hookimpls()
    return [each for each in found if each.plugin_name == plugin]


def tell(hook: str, plugin: str, project_id: int | None, **arguments: Any) -> None:
    """Tell one plugin what happened; what it raises is noted and goes on, to be tried again."""
    for implementation in implementations(hook, plugin):
        given = [arguments[name] for name in implementation.argnames]
        with _noted(plugin, hook, project_id):
            RETURNS[hook].check(hook, implementation.function(*given))


def do_job(plugin: str, kind: str, handler: Handler, run: JobRun) -> None:
    """Let a plugin do its job; what it raises is noted and goes on, to be tried again."""
    with _noted(plugin, f"job {kind}", run.project_id):
        handler(run)


@contextmanager
def _noted(plugin: str, hook: str, project_id: int | None) -> Iterator[None]:
    try:
        with acting(plugin):
            yield
    except (KeyboardInterrupt, HandedOverError, LeaseLostError):
        raise  # The process ends, or the job is another's: no fault of the plugin.
    except BaseException as error:
        _keep(plugin, hook, project_id or 0, error)
        if isinstance(error, Exception):
            raise
        # What is no Exception would end the process that does the jobs of all.
        raise RuntimeError(f"{plugin} raised {type(error).__name__}") from error


def check(hook: str, *, project: Any = None, **arguments: Any) -> list[str]:
    """Ask for objections, in savepoints of their own; a plugin that fails objects, too."""
    objections: list[str] = []
    for implementation in _asked(hook, project):
        savepoint = db.session.begin_nested()
        answer = _ask(hook, implementation, project, arguments, checking=True)
        # What a check writes is undone; one that ended the transaction left no savepoint.
        with suppress(sa.exc.SQLAlchemyError):
            savepoint.rollback()
        if answer.fault is None:
            objections += answer.value
        else:
            objections.append(f"{answer.plugin}: {answer.fault}")
    return objections


def ask_strictly(hook: str, plugin: str, arguments: dict[str, Any]) -> Answer | None:
    """Ask one plugin, on or off, slow or not; None when it has no such hook.

    A failure is an answer with a fault, in tests too, and nothing is undone.
    """
    for implementation in getattr(host().manager.hook, hook).get_hookimpls():
        if implementation.plugin_name == plugin:
            return _ask(hook, implementation, None, arguments, checking=True)
    return None


def note(plugin: str, hook: str, error: BaseException) -> str:
    """Note a fault that showed after the hook, and return its reference."""
    return _note(plugin, hook, None, error)


def is_implemented(hook: str) -> bool:
    """Tell whether any loaded plugin has a hook."""
    return bool(getattr(host().manager.hook, hook).get_hookimpls())


def forget_broken_transaction() -> None:
    """Roll back what a plugin broke; what core has read stays readable, as detached rows."""
    db.session.expunge_all()
    db.session.rollback()


def _asked(hook: str, project: Any) -> Iterator[HookImpl]:
    on = host().loaded.keys() if project is None else enabled_for(project.id)
    implementations = getattr(host().manager.hook, hook).get_hookimpls()
    slow: SlowHooks = current_app.extensions["portal.slow_hooks"]
    for implementation in sorted(implementations, key=lambda found: found.plugin_name):
        if implementation.plugin_name in on and not slow.skips(implementation.plugin_name, hook):
            yield implementation


def _ask(
    hook: str,
    implementation: HookImpl,
    project: Any,
    arguments: dict[str, Any],
    *,
    checking: bool = False,
) -> Answer:
    follow = host().follow
    if follow is None:
        return _answer(hook, implementation, project, arguments, checking=checking)
    followed: Answer = follow(
        implementation.plugin_name,
        hook,
        project,
        lambda: _answer(hook, implementation, project, arguments, checking=checking),
    )
    return followed


def _answer(
    hook: str,
    implementation: HookImpl,
    project: Any,
    arguments: dict[str, Any],
    *,
    checking: bool,
) -> Answer:
    plugin = implementation.plugin_name
    given = {"project": project, **arguments}
    values = [given[name] for name in implementation.argnames]
    started = time.perf_counter()
    try:
        with transaction_kept(), acting(plugin):
            value = implementation.function(*values)
        RETURNS[hook].check(hook, value)
        check_ownership(plugin, value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # A check's caller undoes its savepoint; what else ran may have broken the transaction.
        if not checking:
            if faults.strict():
                raise
            forget_broken_transaction()
        return Answer(plugin, fault=_note(plugin, hook, project, error))
    finally:
        _note_time(plugin, hook, project, time.perf_counter() - started)
    return Answer(plugin, value)


def _note(plugin: str, hook: str, project: Any, error: BaseException) -> str:
    return _keep(plugin, hook, project.id if project else 0, error)


def _keep(plugin: str, hook: str, project_key: int, error: BaseException) -> str:
    reference = request_id()
    _log.error("plugin %s, hook %s failed (%s)", plugin, hook, reference, exc_info=error)
    text = "".join(traceback.format_exception(error))
    faults.note(plugin, hook, project_key, type(error).__name__, text, reference)
    return reference


def _note_time(plugin: str, hook: str, project: Any, seconds: float) -> None:
    slow: SlowHooks = current_app.extensions["portal.slow_hooks"]
    project_key = project.id if project else 0
    settings: Settings | None = current_app.extensions.get("portal.settings")
    if settings is not None and 0 < settings.slow_ms <= seconds * 1000:
        _tell_slow(plugin, hook, round(seconds * 1000), project.slug if project else None)
    if slow.note(plugin, hook, project_key, seconds):
        text = f"took {seconds:.1f} s, three times over {SLOW_SECONDS} s: skipped for five minutes"
        reference = request_id()
        faults.note(plugin, hook, project_key, "SlowHook", text, reference)


def _tell_slow(plugin: str, hook: str, milliseconds: int, project: str | None) -> None:
    _slow_log.warning(
        "slow hook, %d ms: %s of %s",
        milliseconds,
        hook,
        plugin,
        extra={"milliseconds": milliseconds, "project": project},
    )

"""What plugins do after a commit: their jobs, and what they make of events.

Asked when it starts: a plugin that is off in the project (or everywhere, for what concerns the
whole club) has its job or event skipped. A failure is noted as a fault of the plugin and goes on
to the runner, which tries again.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from flask import Flask

from portal.earning import sources
from portal.extensions import db
from portal.jobs import registry as jobs
from portal.jobs.registry import Job, JobRun
from portal.jobs.run import SkippedError
from portal.members.queries import find_member
from portal.outbox import registry as outbox
from portal.outbox.registry import DomainEvent, Subscriber
from portal.plugin_host import dispatch
from portal.plugin_host.host import Plugin, PluginHost
from portal.plugin_host.refs import member_ref, project_ref
from portal.plugin_host.state import enabled_in, is_on, is_on_somewhere
from portal.projects.current import belonging_of
from portal.projects.models import Project

OFF = "the plugin is off"
Deliver = Callable[[str, DomainEvent], None]


def configure_afterwards(app: Flask, host: PluginHost) -> None:
    """Register the jobs, sources of points, kinds of events and subscriptions of the plugins."""
    for plugin in host.loaded.values():
        for job in plugin.jobs:
            jobs.add_to(app, _gated(plugin, job))
        for source in plugin.point_sources:
            sources.declare_in(app, replace(source, plugin=plugin.name))
        for event in plugin.events:
            outbox.declare_in(app, event.kind)
        for hook, (kind, deliver, wants) in HEARD.items():
            found = getattr(host.manager.hook, hook).get_hookimpls()
            if any(each.plugin_name == plugin.name for each in found):
                outbox.add_to(
                    app,
                    Subscriber(
                        f"{plugin.name}.{hook}",
                        kind,
                        partial(deliver, plugin.name),
                        plugin=plugin.name,
                        wants=partial(wants, plugin.name),
                    ),
                )


def is_on_for(plugin: str, project_id: int | None) -> bool:
    """Tell whether a plugin is on in a project; for the whole club, in one project at least."""
    return is_on_somewhere(plugin, None) if project_id is None else is_on(plugin, project_id)


def _gated(plugin: Plugin, job: Job) -> Job:
    def run_when_on(run: JobRun) -> None:
        if not is_on_for(plugin.name, run.project_id):
            raise SkippedError(OFF)
        dispatch.do_job(plugin.name, job.kind, job.handler, run)

    wants = partial(is_on_for, plugin.name)
    return replace(job, plugin=plugin.name, handler=run_when_on, wants=wants)


def _tell(plugin: str, event: DomainEvent) -> None:
    if not is_on_for(plugin, event.project_id):
        raise SkippedError(OFF)
    dispatch.tell("on_domain_event", plugin, event.project_id, event=event)


def _tell_enabled(plugin: str, event: DomainEvent) -> None:
    _tell_switched("on_plugin_enabled", plugin, event, on=True)


def _tell_disabled(plugin: str, event: DomainEvent) -> None:
    _tell_switched("on_plugin_disabled", plugin, event, on=False)


def _tell_switched(hook: str, plugin: str, event: DomainEvent, *, on: bool) -> None:
    assert event.project_id is not None
    if is_on(plugin, event.project_id) != on:
        raise SkippedError("the plugin was switched again since")
    project = db.session.get_one(Project, event.project_id)
    dispatch.tell(hook, plugin, project.id, project=project_ref(project))


def _tell_joined(plugin: str, event: DomainEvent) -> None:
    member = find_member(event.subject[1])
    if member is None:
        raise SkippedError("the member is gone")
    belonging = belonging_of(member.id)
    ids = belonging.owned | belonging.followed
    where = [id_ for id_, on in enabled_in(ids).items() if plugin in on] if ids else []
    if not where:
        raise SkippedError(OFF)
    projects = db.session.scalars(
        db.select(Project).where(Project.id.in_(where)).order_by(Project.id)
    )
    refs = [project_ref(project) for project in projects]
    dispatch.tell("on_member_joined", plugin, None, projects=refs, member=member_ref(member))


def _wants_where_on(plugin: str, event: DomainEvent) -> bool:
    return is_on_for(plugin, event.project_id)


def _wants_its_own(plugin: str, event: DomainEvent) -> bool:
    return event.subject[1] == plugin


HEARD: dict[str, tuple[str | None, Deliver, Callable[[str, DomainEvent], bool]]] = {
    "on_domain_event": (None, _tell, _wants_where_on),
    "on_plugin_enabled": ("plugin.enabled", _tell_enabled, _wants_its_own),
    "on_plugin_disabled": ("plugin.disabled", _tell_disabled, _wants_its_own),
    "on_member_joined": ("member.joined", _tell_joined, _wants_where_on),
}
"""Each hook that hears of events: of which kind (None: of all), how it is told, who wants it."""

"""What the toy does after a commit; `HEARD` is what it was told, `MOOD` what it does wrong."""

from datetime import time, timedelta
from typing import Any

from portal.sdk import (
    DomainEvent,
    EventKind,
    Job,
    JobRun,
    MemberRef,
    ProjectRef,
    hookimpl,
    open_projects,
)

HEARD: list[tuple[str, Any]] = []
MOOD: dict[str, BaseException] = {}


def hear(name: str, what: Any) -> None:
    HEARD.append((name, what))
    if name in MOOD:
        raise MOOD[name]


def tidy(run: JobRun) -> None:
    hear("tidy", (run.project_id, dict(run.payload)))


def often(run: JobRun) -> None:
    hear("often", [project.slug for project in open_projects("diary")])


@hookimpl
def register_jobs() -> list[Job]:
    return [
        Job("diary.tidy", tidy),
        Job("diary.often", often, every=timedelta(hours=1)),
        Job("diary.daily", tidy, at=time(0, 0), per_project=True),
    ]


@hookimpl
def register_events() -> list[EventKind]:
    return [EventKind("diary.pinned", "Subject: note.")]


@hookimpl
def on_domain_event(event: DomainEvent) -> None:
    hear("event", event)


@hookimpl
def on_plugin_enabled(project: ProjectRef) -> None:
    hear("enabled", project)


@hookimpl
def on_plugin_disabled(project: ProjectRef) -> None:
    hear("disabled", project)


@hookimpl
def on_member_joined(projects: list[ProjectRef], member: MemberRef) -> None:
    hear("joined", (projects, member))

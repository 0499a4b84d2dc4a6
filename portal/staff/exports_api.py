"""The staff's lists as files, for programs."""

from portal.api.blueprint import ApiBlueprint
from portal.api.exporting import declare_export
from portal.staff import audit_views, job_views, member_list
from portal.staff.jobs_api import JobsQuery
from portal.staff.members_api import MembersQuery
from portal.staff.roles_api import TrailQuery

blueprint = ApiBlueprint(
    "exports_api", "portal.staff", url_prefix="/api/v1", title="Lists as files"
)

declare_export(
    blueprint,
    "/p/<project>/staff/members",
    "members",
    member_list.staff_export,
    query=MembersQuery,
)
declare_export(
    blueprint,
    "/p/<project>/staff/audit",
    "project_trail",
    audit_views.project_export,
    query=TrailQuery,
)
declare_export(blueprint, "/centre/audit", "club_trail", audit_views.club_export, query=TrailQuery)
declare_export(blueprint, "/centre/jobs", "jobs", job_views.export, query=JobsQuery)

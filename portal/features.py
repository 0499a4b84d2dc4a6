"""The core's features, lowest layer first: importing their modules registers tables and routes."""

from flask import Flask

from portal.accounts import api as accounts_api
from portal.accounts import confirmation as accounts_confirmation
from portal.accounts import display_views as accounts_display_views
from portal.accounts import hooks as accounts_hooks
from portal.accounts import passkey_views as accounts_passkey_views
from portal.accounts import privacy as accounts_privacy
from portal.accounts import reset_views as accounts_reset_views
from portal.accounts import security_api as accounts_security_api
from portal.accounts import security_views as accounts_security_views
from portal.accounts import totp_api as accounts_totp_api
from portal.accounts import totp_views as accounts_totp_views
from portal.accounts import views as accounts_views
from portal.announcements import api as announcements_api
from portal.announcements import hooks as announcements_hooks
from portal.announcements import jobs as announcements_jobs
from portal.announcements import privacy as announcements_privacy
from portal.announcements import staff_views as announcements_staff_views
from portal.api import views as api_views
from portal.audit import jobs as audit_jobs
from portal.audit import models as audit_models
from portal.audit import privacy as audit_privacy
from portal.claims import api as claims_api
from portal.claims import hooks as claims_hooks
from portal.claims import models as claims_models
from portal.claims import notices as claims_notices
from portal.claims import privacy as claims_privacy
from portal.claims import staff_api as claims_staff_api
from portal.claims import staff_views as claims_staff_views
from portal.claims import views as claims_views
from portal.club import api as club_api
from portal.club import hooks as club_hooks
from portal.club import settings_api as club_settings_api
from portal.club import staff_views as club_staff_views
from portal.club import views as club_views
from portal.contracts import api as contracts_api
from portal.contracts import correction_views as contracts_correction_views
from portal.contracts import hooks as contracts_hooks
from portal.contracts import import_views as contracts_import_views
from portal.contracts import jobs as contracts_jobs
from portal.contracts import models as contracts_models
from portal.contracts import privacy as contracts_privacy
from portal.contracts import staff_views as contracts_staff_views
from portal.earning import backtest_views as earning_backtest_views
from portal.earning import backtesting as earning_backtesting
from portal.earning import hooks as earning_hooks
from portal.earning import jobs as earning_jobs
from portal.earning import models as earning_models
from portal.earning import privacy as earning_privacy
from portal.earning import rule_views as earning_rule_views
from portal.earning import staff_views as earning_staff_views
from portal.earning import views as earning_views
from portal.facts import models as facts_models
from portal.facts import privacy as facts_privacy
from portal.files import api as files_api
from portal.files import jobs as files_jobs
from portal.files import views as files_views
from portal.home import api as home_api
from portal.home import search_views as home_search_views
from portal.home import views as home_views
from portal.idempotency import models as idempotency_models
from portal.jobs import models as jobs_models
from portal.jobs import periodic as jobs_periodic
from portal.jobs import privacy as jobs_privacy
from portal.members import api as members_api
from portal.members import hooks as members_hooks
from portal.members import household_api as members_household_api
from portal.members import household_views as members_household_views
from portal.members import joining as members_joining
from portal.members import joining_api as members_joining_api
from portal.members import privacy as members_privacy
from portal.members import views as members_views
from portal.messages import jobs as messages_jobs
from portal.messages import models as messages_models
from portal.messages import privacy as messages_privacy
from portal.notifications import api as notifications_api
from portal.notifications import hooks as notifications_hooks
from portal.notifications import models as notifications_models
from portal.notifications import privacy as notifications_privacy
from portal.notifications import staff_views as notifications_staff_views
from portal.notifications import views as notifications_views
from portal.notifications.kinds import add_kinds
from portal.outbox import models as outbox_models
from portal.outbox import privacy as outbox_privacy
from portal.outbox import relay as outbox_relay
from portal.permissions import models as permissions_models
from portal.permissions import privacy as permissions_privacy
from portal.plugin_host import api as plugin_host_api
from portal.plugin_host import ending_views as plugin_host_ending_views
from portal.plugin_host import hooks as plugin_host_hooks
from portal.plugin_host import privacy as plugin_host_privacy
from portal.plugin_host import settings_api as plugin_host_settings_api
from portal.plugin_host import settings_views as plugin_host_settings_views
from portal.plugin_host import staff_views as plugin_host_staff_views
from portal.points import api as points_api
from portal.points import detail_views as points_detail_views
from portal.points import finance_api as points_finance_api
from portal.points import finance_views as points_finance_views
from portal.points import giving_views as points_giving_views
from portal.points import hooks as points_hooks
from portal.points import jobs as points_jobs
from portal.points import models as points_models
from portal.points import month_views as points_month_views
from portal.points import notices as points_notices
from portal.points import privacy as points_privacy
from portal.points import proposal_views as points_proposal_views
from portal.points import rules_views as points_rules_views
from portal.points import staff_hooks as points_staff_hooks
from portal.points import views as points_views
from portal.privacy import api as privacy_api
from portal.privacy import hooks as privacy_hooks
from portal.privacy import jobs as privacy_jobs
from portal.privacy import privacy as privacy_privacy
from portal.privacy import staff_api as privacy_staff_api
from portal.privacy import staff_views as privacy_staff_views
from portal.privacy import views as privacy_views
from portal.projects import api as projects_api
from portal.projects import creation_views as projects_creation_views
from portal.projects import ending_views as projects_ending_views
from portal.projects import hooks as projects_hooks
from portal.projects import invitation_views as projects_invitation_views
from portal.projects import invitations_api as projects_invitations_api
from portal.projects import privacy as projects_privacy
from portal.projects import queries as projects_queries
from portal.projects import settings_api as projects_settings_api
from portal.projects import settings_views as projects_settings_views
from portal.projects import staff_api as projects_staff_api
from portal.projects import staff_views as projects_staff_views
from portal.projects import views as projects_views
from portal.roster import act_views as roster_act_views
from portal.roster import api as roster_api
from portal.roster import hooks as roster_hooks
from portal.roster import importing as roster_importing
from portal.roster import jobs as roster_jobs
from portal.roster import models as roster_models
from portal.roster import privacy as roster_privacy
from portal.roster import staff_views as roster_staff_views
from portal.search import jobs as search_jobs
from portal.search import models as search_models
from portal.search.keeping import configure_search
from portal.slots import Slots
from portal.staff import audit_views as staff_audit_views
from portal.staff import awards_api as staff_awards_api
from portal.staff import exports_api as staff_exports_api
from portal.staff import facts_api as staff_facts_api
from portal.staff import hooks as staff_hooks
from portal.staff import job_views as staff_job_views
from portal.staff import jobs_api as staff_jobs_api
from portal.staff import member_earning as staff_member_earning
from portal.staff import member_list as staff_member_list
from portal.staff import member_page as staff_member_page
from portal.staff import member_points as staff_member_points
from portal.staff import member_tier as staff_member_tier
from portal.staff import members_api as staff_members_api
from portal.staff import points_api as staff_points_api
from portal.staff import proposals_api as staff_proposals_api
from portal.staff import registration as staff_registration
from portal.staff import role_views as staff_role_views
from portal.staff import roles_api as staff_roles_api
from portal.staff import search_views as staff_search_views
from portal.staff import tier_api as staff_tier_api
from portal.staff import token_views as staff_token_views
from portal.staff import tokens_api as staff_tokens_api
from portal.staff import views as staff_views
from portal.tiers import api as tiers_api
from portal.tiers import draft_views as tiers_draft_views
from portal.tiers import hooks as tiers_hooks
from portal.tiers import jobs as tiers_jobs
from portal.tiers import models as tiers_models
from portal.tiers import privacy as tiers_privacy
from portal.tiers import scheme_api as tier_schemes_api
from portal.tiers import scheme_views as tiers_scheme_views
from portal.tiers import views as tiers_views
from portal.tokens import models as tokens_models
from portal.tokens import privacy as tokens_privacy
from portal.tokens import sign_in_api as tokens_sign_in_api
from portal.webhooks import acts_api as webhooks_acts_api
from portal.webhooks import api as webhooks_api
from portal.webhooks import delivery_views as webhooks_delivery_views
from portal.webhooks import hooks as webhooks_hooks
from portal.webhooks import jobs as webhooks_jobs
from portal.webhooks import models as webhooks_models
from portal.webhooks import privacy as webhooks_privacy
from portal.webhooks import staff_views as webhooks_staff_views

MODELS = (
    tokens_models,
    idempotency_models,
    jobs_models,
    outbox_models,
    messages_models,
    notifications_models,
    audit_models,
    search_models,
    permissions_models,
    roster_models,
    claims_models,
    contracts_models,
    webhooks_models,
    points_models,
    tiers_models,
    facts_models,
    earning_models,
)
APIS: tuple = (
    api_views,
    tokens_sign_in_api,
    members_api,
    accounts_api,
    accounts_security_api,
    accounts_totp_api,
    home_api,
    projects_api,
    claims_api,
    club_api,
    files_api,
    claims_staff_api,
    notifications_api,
    projects_staff_api,
    staff_members_api,
    staff_roles_api,
    staff_tokens_api,
    tiers_api,
    tier_schemes_api,
    staff_tier_api,
    webhooks_api,
    roster_api,
    contracts_api,
    plugin_host_api,
    privacy_api,
    privacy_staff_api,
    announcements_api,
    points_api,
    points_finance_api,
    staff_points_api,
    staff_facts_api,
    staff_proposals_api,
    staff_awards_api,
    club_settings_api,
    plugin_host_settings_api,
    projects_settings_api,
    staff_jobs_api,
    webhooks_acts_api,
    members_household_api,
    members_joining_api,
    projects_invitations_api,
    staff_exports_api,
)
"""The modules of JSON routes; each has the ApiBlueprint of its feature."""
VIEWS: tuple = (
    files_views,
    projects_views,
    projects_invitation_views,
    projects_staff_views,
    projects_ending_views,
    projects_settings_views,
    projects_creation_views,
    claims_views,
    claims_staff_views,
    accounts_views,
    accounts_confirmation,
    accounts_reset_views,
    accounts_passkey_views,
    accounts_security_views,
    accounts_totp_views,
    accounts_display_views,
    club_views,
    club_staff_views,
    roster_staff_views,
    roster_act_views,
    contracts_staff_views,
    contracts_correction_views,
    contracts_import_views,
    home_views,
    home_search_views,
    members_views,
    staff_views,
    staff_search_views,
    staff_member_list,
    members_joining,
    members_household_views,
    staff_registration,
    staff_member_page,
    staff_role_views,
    staff_audit_views,
    privacy_views,
    privacy_staff_views,
    staff_job_views,
    plugin_host_staff_views,
    plugin_host_settings_views,
    notifications_views,
    announcements_staff_views,
    notifications_staff_views,
    plugin_host_ending_views,
    staff_token_views,
    webhooks_staff_views,
    webhooks_delivery_views,
    points_views,
    points_proposal_views,
    points_finance_views,
    points_rules_views,
    points_detail_views,
    points_month_views,
    points_giving_views,
    tiers_views,
    tiers_scheme_views,
    tiers_draft_views,
    staff_member_points,
    staff_member_tier,
    earning_staff_views,
    earning_rule_views,
    earning_views,
    staff_member_earning,
    earning_backtest_views,
)
HOOKS: tuple = (
    accounts_hooks,
    club_hooks,
    projects_hooks,
    claims_hooks,
    roster_hooks,
    contracts_hooks,
    staff_hooks,
    members_hooks,
    announcements_hooks,
    privacy_hooks,
    webhooks_hooks,
    notifications_hooks,
    plugin_host_hooks,
    points_hooks,
    points_staff_hooks,
    tiers_hooks,
    earning_hooks,
)

# What features keep of people. An erasure goes through them from the last to the first.
PRIVACY: tuple = (
    jobs_privacy,
    outbox_privacy,
    accounts_privacy,
    messages_privacy,
    permissions_privacy,
    tokens_privacy,
    members_privacy,
    notifications_privacy,
    projects_privacy,
    points_privacy,
    tiers_privacy,
    facts_privacy,
    earning_privacy,
    roster_privacy,
    claims_privacy,
    contracts_privacy,
    announcements_privacy,
    privacy_privacy,
    webhooks_privacy,
    plugin_host_privacy,
    audit_privacy,
)

# Handlers of jobs and of events: importing them registers them.
JOBS: tuple = (
    outbox_relay,
    audit_jobs,
    privacy_jobs,
    claims_notices,
    contracts_jobs,
    announcements_jobs,
    webhooks_jobs,
    search_jobs,
    roster_jobs,
    messages_jobs,
    points_jobs,
    tiers_jobs,
    points_notices,
    roster_importing,
    files_jobs,
    earning_jobs,
    earning_backtesting,
)


def register(app: Flask) -> None:
    """Register every core blueprint, and what the features put into shared pages."""
    app.extensions["portal.slots"] = slots = Slots()
    configure_search()
    for blueprint in dict.fromkeys(views.blueprint for views in (*VIEWS, *APIS)):
        app.register_blueprint(blueprint)
    for hooks in (*HOOKS, *PRIVACY):
        slots.add(hooks)
        add_kinds(app, getattr(hooks, "notification_kinds", list)())
    app.extensions[jobs_periodic.ZONES] = projects_queries.time_zones

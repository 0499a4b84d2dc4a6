"""The only door for plugins: what is not named here is not theirs.

Names are added with care and leave by deprecation: a name that goes warns for one release of
API_VERSION first. docs/plugins/ tells how each is used.
"""

from typing import TYPE_CHECKING

from portal.access import member_only, public, requires, signed_in
from portal.accounts.current import current_account
from portal.accounts.flow import our_address
from portal.api import fields as api_fields
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Input as ApiInput
from portal.api.fields import Output as ApiOutput
from portal.api.forms import form_of_body as api_form
from portal.api.paging import page_schema as api_page_schema
from portal.api.paging import paged as api_page
from portal.api.problems import Problem as ApiProblem
from portal.audit.service import record
from portal.clock import business_date, now
from portal.club.forms import TextsForm
from portal.club.markdown import render_markdown
from portal.columns import Identified, UtcDateTime, foreign_key, one_of, unique_where
from portal.crypto import Encrypted
from portal.earning.fields import Field as FactField
from portal.earning.fields import FieldKind as FactFieldKind
from portal.earning.sources import PointSource
from portal.exports import ExportFormat, export_file
from portal.extensions import db
from portal.facts.service import FactError
from portal.files.errors import UploadError
from portal.files.limits import takes_files
from portal.files.pictures import Picture
from portal.i18n import LANGUAGES, localized
from portal.idempotency.answers import without_key
from portal.jobs.registry import Job, JobRun
from portal.jobs.service import enqueue
from portal.messages.senders import Message, SenderPoint, SendError
from portal.notifications.kinds import NotificationKind
from portal.outbox.registry import DomainEvent, EventKind
from portal.pagination import Page, page_of
from portal.permissions.current import may
from portal.permissions.roles import Permission, RoleName
from portal.personal_data import ExportFile, ExportPart
from portal.phones import PhoneError, mask_phone, normalize_phone
from portal.plugin_host.hookspecs import hookimpl
from portal.plugin_host.manifest import API_VERSION
from portal.plugin_host.refs import (
    BuildingRef,
    Demo,
    FileRef,
    HomeRef,
    HouseholdRef,
    Housemate,
    HouseRef,
    MemberRef,
    ProjectRef,
    StaffRef,
    TokenRef,
)
from portal.plugin_host.setting_types import Setting, SettingKind
from portal.plugin_host.settings import plugin_settings
from portal.plugin_host.state import ClosedLink
from portal.plugin_host.telling import notify
from portal.plugin_host.tokens import issue_token, revoke_tokens
from portal.points.checks import PointsRequest
from portal.points.errors import PointsError
from portal.points.queries import Figures as PointsFigures
from portal.points.terms import Posting as PointsPosting
from portal.sdk.afterwards import emit
from portal.sdk.cards import CardRef, card_of, find_card, find_cards
from portal.sdk.codes import CodeError, check_code, code_phone, send_code
from portal.sdk.current import (
    club_time_zone,
    current_member,
    current_project,
    current_token,
    visible_projects,
)
from portal.sdk.facts import record_fact, withdraw_facts
from portal.sdk.files import (
    PicturesField,
    cover_picture,
    delete_files,
    files_of,
    read_pictures,
    store_picture,
)
from portal.sdk.households import buildings_of, household_of
from portal.sdk.leaving import find_leaving
from portal.sdk.people import (
    MemberDates,
    colleagues,
    dates_of_each,
    find_member,
    find_members,
    find_projects,
    homes_of,
    homes_of_each,
    housemates,
    open_projects,
    residents,
    residents_of_each,
)
from portal.sdk.phones import (
    MemberContact,
    PhoneHolder,
    contact_of,
    find_phone_holder,
    find_phone_holders,
    phone_key,
)
from portal.sdk.points import (
    Captured,
    capture_points,
    captured_points,
    captured_total,
    earn_points,
    hold_points,
    points_balance,
    reverse_points,
    spend_points,
    void_points,
)
from portal.sdk.sales import contracts_by_month
from portal.sdk.search import drop_document, index_document
from portal.sdk.tables import TableError, TableRow, read_table
from portal.sdk.texts import gettext, lazy, ngettext
from portal.sdk.tiers import BenefitRef, TierRef, tier_of, tiers, tiers_of
from portal.search.documents import Findable
from portal.search.folding import fold as fold_text
from portal.slots import Card, Hit, MemberHome, MemberTab, NavItem, StaffWidget, Todo
from portal.words import AuditWord

__all__ = [
    "API_VERSION",
    "LANGUAGES",
    "ApiBlueprint",
    "ApiInput",
    "ApiOutput",
    "ApiProblem",
    "AuditWord",
    "BenefitRef",
    "BuildingRef",
    "Captured",
    "Card",
    "CardRef",
    "ClosedLink",
    "CodeError",
    "Demo",
    "DomainEvent",
    "Encrypted",
    "EventKind",
    "ExportFile",
    "ExportFormat",
    "ExportPart",
    "FactError",
    "FactField",
    "FactFieldKind",
    "FileRef",
    "Findable",
    "Hit",
    "HomeRef",
    "HouseRef",
    "HouseholdRef",
    "Housemate",
    "Identified",
    "Job",
    "JobRun",
    "MemberContact",
    "MemberDates",
    "MemberHome",
    "MemberRef",
    "MemberTab",
    "Message",
    "NavItem",
    "NotificationKind",
    "Page",
    "Permission",
    "PhoneError",
    "PhoneHolder",
    "Picture",
    "PicturesField",
    "PointSource",
    "PointsError",
    "PointsFigures",
    "PointsPosting",
    "PointsRequest",
    "ProjectRef",
    "RoleName",
    "SendError",
    "SenderPoint",
    "Setting",
    "SettingKind",
    "StaffRef",
    "StaffWidget",
    "TableError",
    "TableRow",
    "TextsForm",
    "TierRef",
    "Todo",
    "TokenRef",
    "UploadError",
    "UtcDateTime",
    "api_fields",
    "api_form",
    "api_page",
    "api_page_schema",
    "buildings_of",
    "business_date",
    "capture_points",
    "captured_points",
    "captured_total",
    "card_of",
    "check_code",
    "club_time_zone",
    "code_phone",
    "colleagues",
    "contact_of",
    "contracts_by_month",
    "cover_picture",
    "current_account",
    "current_member",
    "current_project",
    "current_token",
    "dates_of_each",
    "db",
    "delete_files",
    "drop_document",
    "earn_points",
    "emit",
    "enqueue",
    "export_file",
    "files_of",
    "find_card",
    "find_cards",
    "find_member",
    "find_members",
    "find_phone_holder",
    "find_phone_holders",
    "find_projects",
    "fold_text",
    "foreign_key",
    "gettext",
    "hold_points",
    "homes_of",
    "homes_of_each",
    "hookimpl",
    "household_of",
    "housemates",
    "index_document",
    "issue_token",
    "lazy",
    "localized",
    "mask_phone",
    "may",
    "member_only",
    "ngettext",
    "normalize_phone",
    "notify",
    "now",
    "one_of",
    "open_projects",
    "our_address",
    "page_of",
    "phone_key",
    "plugin_settings",
    "points_balance",
    "public",
    "read_pictures",
    "read_table",
    "record",
    "record_fact",
    "render_markdown",
    "requires",
    "residents",
    "residents_of_each",
    "reverse_points",
    "revoke_tokens",
    "send_code",
    "signed_in",
    "spend_points",
    "store_picture",
    "takes_files",
    "tier_of",
    "tiers",
    "tiers_of",
    "unique_where",
    "visible_projects",
    "void_points",
    "withdraw_facts",
    "without_key",
]

if not TYPE_CHECKING:  # For mypy every name would exist.

    def __getattr__(name: str) -> object:
        return find_leaving(__name__, name)

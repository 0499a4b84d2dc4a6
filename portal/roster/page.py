"""What the page of one import shows, gathered before it is rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.i18n import Text
from portal.pagination import Page
from portal.roster import queries
from portal.roster.kinds import ImportKind, kind_of
from portal.roster.mapping import FIELD_TITLES, Field
from portal.roster.models import ImportState, RosterFault, RosterImport
from portal.roster.sentences import FAULTS, fault_sentence, file_sentence, missing_sentence
from portal.roster.service import may_resume
from portal.roster.undoing import may_undo


@dataclass(frozen=True)
class Column:
    """A column of the file, a masked example of it, and the field that it is taken for."""

    place: int
    name: str
    example: str
    field: Field | None


@dataclass(frozen=True)
class FaultLine:
    """A row of the list of faults."""

    line: int
    column: str
    value: str
    home: str
    sentence: str
    decidable: bool
    taken: bool


@dataclass(frozen=True)
class Kind:
    """One kind of fault and how many rows have it."""

    code: str
    title: Text
    number: int


@dataclass(frozen=True)
class ImportPage:
    """An import as its page shows it."""

    kind: ImportKind
    columns: Sequence[Column]
    fields: Mapping[Field, Text]
    missing: str
    faults: Page[RosterFault]
    lines: Sequence[FaultLine]
    kinds: Sequence[Kind]
    code: str
    refused: int
    may_resume: bool
    may_undo: bool
    failure: str
    stays: Sequence[object]

    @property
    def importable(self) -> bool:
        """Whether the preview leads to anything that may be written."""
        return not self.missing


def page_of_import(
    job: RosterImport, *, code: str = "", chosen: Mapping[str, str] | None = None
) -> ImportPage:
    """Gather an import's page.

    `code` narrows the faults to one kind; `chosen` are columns that could not be kept.
    """
    code = code if code in FAULTS else ""
    kind = kind_of(job.kind)
    mapping = job.mapping if chosen is None else chosen
    fields = {column: Field(key) for key, column in mapping.items()}
    missing = [str(FIELD_TITLES[field]) for field in kind.columns.missing(job.mapping)]
    faults = queries.faults_of(job.id, code)
    undone = job.state == ImportState.UNDONE
    return ImportPage(
        kind=kind,
        columns=[
            Column(place, name, example, fields.get(name))
            for place, (name, example) in enumerate(job.columns)
        ],
        fields={field: FIELD_TITLES[field] for field in kind.columns.fields},
        missing=missing_sentence(missing) if missing else "",
        faults=faults,
        lines=[_line(job, fault) for fault in faults.items],
        kinds=[
            Kind(key, title, _rows_of(job, key))
            for key, title in kind.fault_titles.items()
            if _rows_of(job, key)
        ],
        code=code,
        refused=job.counts.get("refused", 0),
        may_resume=may_resume(job),
        may_undo=may_undo(job),
        failure=file_sentence(job.failure, {}) if job.failure else "",
        stays=queries.claimed_entries(job.id) if undone else (),
    )


def _rows_of(job: RosterImport, code: str) -> int:
    return int(job.counts.get(code, 0))


def _line(job: RosterImport, fault: RosterFault) -> FaultLine:
    taken = bool(fault.facts.get("taken"))
    return FaultLine(
        line=fault.line,
        column=fault.column,
        value=str(fault.facts.get("value", "")),
        home=str(fault.facts.get("home", "")),
        sentence=fault_sentence(fault.code, fault.facts),
        decidable=job.state == ImportState.DONE
        and fault.code in kind_of(job.kind).decidable
        and not taken
        and not fault.facts.get("claimed"),
        taken=taken,
    )

"""The page on which staff put a contract right."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.contracts import queries
from portal.contracts.blueprint import blueprint
from portal.contracts.correcting import (
    CorrectedMeanwhileError,
    Correction,
    CorrectionError,
    correct_contract,
    seen_as,
)
from portal.contracts.forms import CorrectionForm
from portal.contracts.models import Contract
from portal.contracts.sentences import FAULTS
from portal.extensions import db
from portal.i18n import gettext
from portal.projects.current import current_project
from portal.words import title_of

__all__ = ["blueprint"]


class ChangedMeanwhileError(Conflict):
    """A 409 whose page says where the contract stands now."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.advice = gettext(
            "This contract was changed meanwhile and stands at “%(state)s” now. "
            "Load its page again to go on from there.",
            state=title_of("contract_state", state),
        )


@blueprint.route("/p/<project>/staff/contracts/<public_id>/correct", methods=["GET", "POST"])
@requires("contracts.import")
def staff_correct(public_id: str) -> str | tuple[str, int] | Response:
    """Correct the price, the days or the state of a contract, with a reason."""
    contract = queries.contract_in(current_project().id, public_id)
    if contract is None:
        raise NotFound
    form = CorrectionForm(data=None if request.method == "POST" else _shown(contract))
    if form.validate_on_submit():
        try:
            return _correct(contract, form)
        except CorrectedMeanwhileError as error:
            state = contract.state
            db.session.rollback()
            raise ChangedMeanwhileError(state) from error
        except CorrectionError as error:
            db.session.rollback()
            contract = queries.contract_in(current_project().id, public_id)
            _note(form, error)
    body = render_template("contracts/staff_correct.html", form=form, contract=contract)
    return (body, 422) if request.method == "POST" else body


def _correct(contract: Contract, form: CorrectionForm) -> Response:
    correct_contract(
        actor=current_account(),
        project=current_project(),
        contract=contract,
        correction=Correction(
            price=form.fen,
            state=form.state.data,
            signed_on=form.signed_on.data,
            handed_over_on=form.handed_over_on.data,
            cancelled_on=form.cancelled_on.data,
            reason=form.reason.data or "",
            seen=form.seen.data or "",
        ),
    )
    public_id = contract.public_id
    db.session.commit()
    flash(gettext("The contract is corrected. Points given for it are reckoned anew."))
    return redirect(url_for("contracts.staff_show", public_id=public_id), 303)


def _shown(contract: Contract) -> dict[str, object]:
    price = f"{contract.price // 100}.{contract.price % 100:02d}"
    days = {
        name: getattr(contract, name) for name in ("signed_on", "handed_over_on", "cancelled_on")
    }
    return {"price": price, "state": contract.state, "seen": seen_as(contract), **days}


def _note(form: CorrectionForm, error: CorrectionError) -> None:
    sentence = FAULTS.get(error.code) or gettext("Nothing is different yet.")
    if error.field in form:
        form[error.field].errors = [*form[error.field].errors, sentence]
    else:
        form.form_errors.append(sentence)

"""The staff's forms about a member's tier."""

from wtforms import DateField, HiddenField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal.forms import Form, SelectChoice
from portal.i18n import lazy, localized
from portal.tiers.overrides import REASON_LENGTH
from portal.tiers.versions import InForce


class OverrideForm(Form):
    """A tier given by hand."""

    tier = SelectField(lazy("Tier"), choices=[])
    expires_on = DateField(
        lazy("Until"), validators=[DataRequired(lazy("Choose the last day that it holds."))]
    )
    reason = TextAreaField(
        lazy("Why"),
        validators=[DataRequired(lazy("Say why: the owner reads it.")), Length(max=REASON_LENGTH)],
        render_kw={"rows": 2, "maxlength": REASON_LENGTH},
    )

    def offer(self, found: InForce) -> None:
        """Offer the tiers of a scheme."""
        self.tier.choices = [
            SelectChoice(tier.key, localized(tier.name)) for tier in found.terms.tiers
        ]


class DecisionForm(Form):
    """What a second person says to a proposal."""

    decision = HiddenField(validators=[DataRequired()])

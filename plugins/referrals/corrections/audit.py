"""What the trail says of corrections."""

from portal.sdk import AuditWord, lazy


def correction_words() -> list[AuditWord]:
    """Return the words of acts about corrections."""
    return [
        AuditWord("referrals.correction_proposed", lazy("Correction of referral rules proposed")),
        AuditWord("referrals.correction_confirmed", lazy("Correction of referral rules confirmed")),
        AuditWord("referrals.correction_dropped", lazy("Correction of referral rules given up")),
        AuditWord(
            "referrals_correction", lazy("Correction of the rules"),
            page="referrals_staff.correction",
        ),
    ]  # fmt: skip

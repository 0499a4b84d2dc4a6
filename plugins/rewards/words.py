"""The words of kinds, states, steps and refusals, for owners and staff alike."""

from collections.abc import Mapping

from plugins.rewards.states import Kind, Move, Period, Shown, State, Way
from portal.sdk import lazy

KINDS: Mapping[str, tuple[object, str]] = {
    Kind.GIFT: (lazy("Gifts"), "gift"),
    Kind.VOUCHER: (lazy("Vouchers"), "ticket"),
    Kind.OFFER: (lazy("Partner offers"), "shopping-bag"),
    Kind.FEE: (lazy("Towards the property fee"), "receipt"),
    Kind.SERVICE: (lazy("Services"), "tools"),
}
"""Kind -> its word and its icon."""

SHOWN: Mapping[str, tuple[object, str]] = {
    Shown.DRAFT: (lazy("Draft"), ""),
    Shown.SHOWN: (lazy("Offered"), "green"),
    Shown.WITHDRAWN: (lazy("Withdrawn from offer"), "rose"),
}

WAYS: Mapping[str, object] = {
    Way.COLLECT: lazy("Fetched at the desk"),
    Way.DELIVER: lazy("Brought or booked by the club"),
}

PERIODS: Mapping[str, object] = {
    Period.EVER: lazy("once and for all"),
    Period.YEAR: lazy("each calendar year"),
    Period.HALF: lazy("each half-year"),
    Period.QUARTER: lazy("each quarter"),
    Period.MONTH: lazy("each month"),
}

STATES: Mapping[str, tuple[object, str]] = {
    State.RESERVED: (lazy("Set aside for you"), "gold"),
    State.PLACED: (lazy("Being prepared"), "blue"),
    State.READY: (lazy("Ready to be fetched"), "green"),
    State.COLLECTED: (lazy("Handed to you"), "brand"),
    State.DELIVERED: (lazy("Sent or booked"), "brand"),
    State.CLOSED: (lazy("Order completed"), ""),
    State.CANCELLED: (lazy("Order cancelled"), ""),
    State.EXPIRED: (lazy("Not taken in time"), ""),
    State.RETURNED: (lazy("Returned, points given back"), ""),
}
"""State of an order -> its word and its tone."""

MOVES: Mapping[str, object] = {
    Move.RECEIVED: lazy("Pieces received"),
    Move.COUNTED: lazy("Corrected after counting"),
    Move.LOST: lazy("Lost or damaged"),
    Move.HANDED_OUT: lazy("Pieces handed out"),
    Move.RETURNED: lazy("Pieces returned"),
}

COVERS: Mapping[str, object] = {
    "tea": lazy("Tea"),
    "coffee": lazy("Coffee"),
    "rice": lazy("Rice"),
    "fee": lazy("Bill"),
    "book": lazy("Books"),
    "plant": lazy("Plant"),
    "clean": lazy("Household help"),
    "ticket": lazy("Admission"),
}

REFUSALS: Mapping[str, object] = {
    "WITHDRAWN": lazy("It is not offered any more. Your points are untouched."),
    "WINDOW_CLOSED": lazy("It cannot be redeemed at this time. Your points are untouched."),
    "SOLD_OUT": lazy("Fewer pieces are left than you asked for. Your points are untouched."),
    "NOT_AN_OWNER": lazy("It is for owners and residents. Your points are untouched."),
    "NOT_YOUR_TIER": lazy("It is for members of another tier. Your points are untouched."),
    "MEMBER_LIMIT": lazy("You have had as many as one person can. Your points are untouched."),
    "HOUSEHOLD_LIMIT": lazy("Your household has had as many as it can. Your points are untouched."),
    "NOT_ENOUGH_POINTS": lazy("You have fewer points than it costs."),
    "POINTS_REFUSED": lazy("The points cannot be set aside now. Nothing was taken."),
    "PRICE_CHANGED": lazy("The price has changed. Please look at the new one and confirm it."),
    "BAD_QUANTITY": lazy("Choose a whole number of pieces, at least one."),
    "TOO_MANY": lazy("So many pieces cannot be had at once."),
    "RESERVATION_OVER": lazy("The time to confirm is over. Everything was given back."),
    "ILLEGAL_STEP": lazy("The order stands elsewhere now. Load its page again."),
    "NO_ADDRESS": lazy("Write where it should be brought or booked."),
    "TOO_LATE": lazy("It can no longer be cancelled here. Please ask the desk."),
    "UNKNOWN_CODE": lazy("No order of this project has this code."),
    "NOT_READY": lazy("It is not ready to be handed out."),
    "CHANGED": lazy("Somebody changed it meanwhile. Load its page again."),
    "BELOW_RESERVED": lazy("Fewer pieces would be left than are set aside for orders."),
    "TOO_MANY_PICTURES": lazy("An item has five pictures at most."),
    "NO_REASON": lazy("Write why, in a few words."),
    "VOUCHER_FORGED": lazy("This is no voucher of the club."),
    "VOUCHER_FOREIGN": lazy("This voucher is for somewhere else."),
    "VOUCHER_STALE": lazy("The code has changed meanwhile. Please have it shown again."),
    "VOUCHER_VOID": lazy("This voucher was returned."),
    "VOUCHER_USED": lazy("This voucher is used up, or something was taken off it."),
    "VOUCHER_EXPIRED": lazy("This voucher is no longer valid."),
    "VOUCHER_CHANGED": lazy("Something was taken off it meanwhile. Check it again."),
    "CARD_FORGED": lazy("This is no member card of the club."),
    "CARD_STALE": lazy("The code has changed meanwhile. Please have the card shown again."),
    "CARD_FOREIGN": lazy("This member has no home in this project."),
    "BAD_AMOUNT": lazy("Write an amount in yuan, such as 12.50."),
    "TOO_MUCH": lazy("Less than that is left on it. Nothing was taken."),
    "TOO_MANY_TRIES": lazy("Too many wrong codes. Wait a minute; it was noted."),
    "BAD_CODES": lazy("A code has 6 to 24 letters and digits. Not so:"),
    "BAD_DAYS": lazy("Write how many days, from 1 to 3,650."),
    "NO_HOME": lazy("Choose a home of yours here. Your points are untouched."),
    "BAD_MONTH": lazy("Choose one of the months. Your points are untouched."),
    "BAD_WORTH": lazy("Write whole yuan, such as 100."),
    "NO_STOCK": lazy("No stock is kept for this item."),
    "TASK_ENDED": lazy("This task is over already. Load its page again."),
    "TASK_TAKEN": lazy("A colleague has taken this task."),
    "NO_OUTCOME": lazy("Say what came of it."),
    "OVER_AMOUNT": lazy("It cost more than the task may cost. Nothing was noted."),
    "NO_PROOF": lazy("Money was spent: add a photo of the gift or of the receipt."),
    "NO_BUDGET": lazy("Too little is left of this month's budget. Ask the manager to raise it."),
    "BAD_DAY": lazy("Choose a later day, within thirty days of the promised one."),
    "MOVED_OFTEN": lazy("It was postponed three times. Do it, or skip it."),
    "NOT_TO_UNDO": lazy("This cannot be undone any more."),
    "NEXT_PLANNED": lazy("The next one is planned already, so this one stays as it is."),
    "SAME_PROMISE": lazy("This is promised to the tier already. Change that promise instead."),
    "RULE_ENDED": lazy("This promise has ended."),
    "BAD_CARE_MONTH": lazy("Choose a month and a kind."),
    "BELOW_SPENT": lazy("More than that is committed and spent already."),
    "UNKNOWN_COLLEAGUE": lazy("Choose a colleague who looks after members here."),
    "BENEFIT_UNKNOWN": lazy("The tier does not have this benefit any more."),
    "BENEFIT_TIER_LOST": lazy("The member has another tier now, without it. Nothing was counted."),
    "BENEFIT_NOT_GIVEN": lazy("The member's tier does not give this. Nothing was counted."),
    "BENEFIT_USED_UP": lazy("All of this period were used. Nothing was counted."),
    "BENEFIT_UNDONE": lazy("This use was given back before."),
    "BAD_SETTLEMENT_MONTH": lazy("Choose a month that is over."),
    "NOTHING_TO_SETTLE": lazy("Everything up to the end of that month is in a statement."),
    "SAME_PERSON": lazy("You have drawn it up: somebody else approves it."),
    "NOT_TIED": lazy("The points ledger has other points for these lines. Nothing was approved."),
    "PAID_LATER": lazy("The day of payment lies in the future."),
    "BAD_RATE": lazy("Write a month, and yuan such as 12.50."),
    "BAD_MOST": lazy("Write a whole number from 0 to 999."),
}
"""Code -> the sentence."""

AUDIT: Mapping[str, object] = {
    "item_written": lazy("Item of the catalogue written"),
    "item_shown": lazy("Item offered to owners"),
    "item_withdrawn": lazy("Item withdrawn from offer"),
    "stock_moved": lazy("Stock of an item changed"),
    "prepared": lazy("Order for points made ready"),
    "handed_out": lazy("Order for points handed out"),
    "sent": lazy("Order for points sent or booked"),
    "refused": lazy("Order for points refused"),
    "returned": lazy("Order for points taken back"),
    "voucher_used": lazy("Voucher used"),
    "voucher_set_up": lazy("Vouchers of an item set up"),
    "partner_linked": lazy("Link for a partner made"),
    "partner_unlinked": lazy("Link for a partner ended"),
    "partner_written": lazy("Partner written"),
    "partner_shown": lazy("Partner put into the directory"),
    "partner_withdrawn": lazy("Partner taken out of the directory"),
    "partner_item": lazy("Items of a partner changed"),
    "wrong_code": lazy("Wrong code tried"),
    "codes_guessed": lazy("Many wrong codes in a minute"),
    "fee_set_up": lazy("Worth of a fee credit set"),
    "fee_exported": lazy("Open fee credits taken as a file"),
    "exported": lazy("Orders for points taken as a file"),
    "care_taken": lazy("Care taken on"),
    "care_assigned": lazy("Care given to a colleague"),
    "care_given_back": lazy("Care given back to everybody"),
    "care_postponed": lazy("Care postponed"),
    "care_done": lazy("Care done"),
    "care_skipped": lazy("Care skipped"),
    "care_undone": lazy("Care opened again"),
    "care_rule_written": lazy("Promise of care written"),
    "care_rule_ended": lazy("Promise of care ended"),
    "care_budget": lazy("Budget for care set"),
    "care_exported": lazy("Care taken as a file"),
    "statement_drawn": lazy("Statement of a month drawn up"),
    "statement_dropped": lazy("Draft of a statement thrown away"),
    "statement_approved": lazy("Statement of a month approved"),
    "statement_sent_back": lazy("Approved statement made a draft again"),
    "statement_paid": lazy("Statement of a month noted as paid"),
    "rate_set": lazy("Rate of a partner's item set"),
    "benefit_set": lazy("Benefit of a tier counted anew"),
    "benefit_used": lazy("Benefit of a tier used"),
    "benefit_undone": lazy("Use of a benefit given back"),
    "benefits_exported": lazy("Uses of benefits taken as a file"),
}
"""Act -> its words in the trail."""

CODES: Mapping[str, tuple[object, str]] = {
    "new": (lazy("New"), "green"),
    "known": (lazy("Here already"), ""),
    "twice": (lazy("Twice in this list"), ""),
    "bad": (lazy("No code: 6 to 24 letters and digits"), "rose"),
}
"""What becomes of a code of a list -> its words and colour."""
ANSWERS: Mapping[str, object] = {
    "done": lazy("Carried out"),
    "repeated": lazy("Was carried out before"),
    "UNKNOWN_CODE": lazy("No fee credit of this project has this code"),
    "NO_ANSWER": lazy("No answer yet"),
    "UNREADABLE": lazy("Neither confirmed nor refused"),
    "OTHER_AMOUNT": lazy("The amount is another one"),
    "NO_REASON": lazy("A refusal needs a reason"),
    "CONTRADICTING": lazy("The rows of this code contradict each other"),
    "SETTLED_OTHERWISE": lazy(
        "It was settled otherwise: cancelled, expired, confirmed or returned"
    ),
    "ILLEGAL_STEP": lazy("The order stands elsewhere now"),
}
"""What became of a row of the property company's -> its words."""

"""The words of states, steps, kinds and refusals, for pages and for the concierge alike."""

from collections.abc import Mapping

from plugins.events.states import QueueRule, Seat, State
from portal.sdk import lazy

STATES: Mapping[str, tuple[object, str]] = {
    State.DRAFT: (lazy("Draft"), ""),
    State.IN_REVIEW: (lazy("In review"), "blue"),
    State.SCHEDULED: (lazy("Opens later"), "violet"),
    State.OPEN: (lazy("Open for registration"), "green"),
    State.CLOSED: (lazy("Closed"), ""),
    State.RUNNING: (lazy("Under way"), "brand"),
    State.ENDED: (lazy("The activity ended"), ""),
    State.SETTLED: (lazy("Attendance settled"), ""),
    State.ARCHIVED: (lazy("Archived"), ""),
    State.POSTPONED: (lazy("Postponed"), "gold"),
    State.CANCELLED: (lazy("Called off"), "rose"),
}
"""State -> its word and its tone."""

STEPS: Mapping[str, tuple[object, str]] = {
    "submit": (lazy("Hand in for review"), "send"),
    "return": (lazy("Return to the author"), "arrow-back-up"),
    "approve": (lazy("Approve and publish"), "check"),
    "open": (lazy("Open registration now"), "player-play"),
    "close": (lazy("Close registration"), "lock"),
    "start": (lazy("Start the activity"), "player-play"),
    "end": (lazy("End the activity"), "flag"),
    "settle": (lazy("Settle attendance"), "checks"),
    "archive": (lazy("Archive"), "books"),
    "postpone": (lazy("Postpone"), "clock"),
    "resume": (lazy("Publish the new date"), "calendar-plus"),
    "cancel": (lazy("Call off the activity"), "calendar-x"),
}

SEATS: Mapping[str, tuple[object, str]] = {
    Seat.PENDING: (lazy("Waits for the club"), "violet"),
    Seat.ENTERED: (lazy("In the draw"), "violet"),
    Seat.WAITING: (lazy("On the waiting list"), "violet"),
    Seat.HELD: (lazy("Seats offered"), "gold"),
    Seat.CONFIRMED: (lazy("Confirmed"), "green"),
    Seat.ATTENDED: (lazy("Was there"), "brand"),
    Seat.NO_SHOW: (lazy("Did not come"), "rose"),
    Seat.EXCUSED: (lazy("Excused"), ""),
    Seat.EXPIRED: (lazy("Not taken up in time"), ""),
    Seat.DECLINED: (lazy("Place given up"), ""),
    Seat.NOT_REACHED: (lazy("No seats came free"), ""),
    Seat.REJECTED: (lazy("Not approved"), ""),
    Seat.NOT_DRAWN: (lazy("Not drawn"), ""),
    Seat.CANCELLED_FREE: (lazy("Cancelled in time"), ""),
    Seat.CANCELLED_LATE: (lazy("Cancelled late"), "gold"),
    Seat.CANCELLED_BY_CLUB: (lazy("Called off by the club"), "rose"),
}

MINE: Mapping[str, tuple[object, str]] = {
    Seat.PENDING: (lazy("You have asked"), "violet"),
    Seat.ENTERED: (lazy("You are in the draw"), "violet"),
    Seat.WAITING: (lazy("You are waiting"), "violet"),
    Seat.HELD: (lazy("Seats for you"), "gold"),
    Seat.CONFIRMED: (lazy("You are going"), "brand"),
}
"""What lists say of one's own seat; later states count as the last."""

QUEUE_RULES: Mapping[str, tuple[object, object]] = {
    QueueRule.NONE: (lazy("No waiting list"), ""),
    QueueRule.STRICT: (
        lazy("Strictly in order: free seats wait until the first party fits"),
        lazy("Strictly in order; a party is seated together, all or none."),
    ),
    QueueRule.SKIP: (
        lazy("In order: the first party that fits; who is passed over keeps the place"),
        lazy("In order; a party too large for what is free keeps its place. All or none."),
    ),
    QueueRule.HOLD: (
        lazy("In order, with what the first party needs kept for it; the rest goes on"),
        lazy(
            "In order; free seats are kept for the first party until it fits as a whole. Only what "
            "it does not need goes to who comes after it."
        ),
    ),
}
"""Rule -> what staff choose, what members read."""

CATEGORIES: Mapping[str, object] = {
    "family": lazy("For families"),
    "sports": lazy("Sports"),
    "culture": lazy("Culture"),
    "neighbours": lazy("Neighbours"),
    "talks": lazy("Talks"),
}

COVERS: Mapping[str, object] = {
    "sports": lazy("Sports day on the lawn"),
    "cinema": lazy("Open-air cinema"),
    "brush": lazy("Brush and ink"),
    "wine": lazy("An evening indoors"),
}

REFUSALS: Mapping[str, object] = {
    "NOT_OPEN_FOR_YOU": lazy("Registration has not begun yet."),
    "CLOSED": lazy("Registration is closed."),
    "POSTPONED": lazy("The activity is postponed. Registration goes on once the new date is set."),
    "CANCELLED": lazy("The club has called the activity off."),
    "OVER": lazy("The activity is over."),
    "SETTLED": lazy("Attendance is settled already; the door is closed."),
    "NOT_ENOUGH_SEATS": lazy("All seats are taken."),
    "DRAW_FIRST": lazy("Seats are drawn here, not taken. Nothing is given before the draw."),
    "AFTER_DRAW": lazy("You may join the waiting list once the seats are drawn."),
    "NO_DRAW": lazy("Nothing is drawn here now. Register as usual."),
    "FROZEN": lazy("The entries are closed for the draw. You can give up your seats after it."),
    "OVERLAP": lazy("Somebody of the party is at another activity at that time."),
    "MODE_FIXED": lazy("Registration has begun. How seats are given stays as it was shown."),
    "NOT_BOTH": lazy("The club gives the places here, one by one; there is nothing to draw."),
    "DRAW_TOO_EARLY": lazy("The draw is later, as members were told."),
    "NO_NUMBER": lazy("Type the public number that was announced."),
    "ALREADY_DRAWN": lazy("The seats are drawn already."),
    "QUEUE_FIRST": lazy("Neighbours wait already. The seats that are free are theirs first."),
    "NO_REASON": lazy("Give a reason."),
    "NO_QUEUE": lazy("There is no waiting list for this activity."),
    "NOT_WAITING": lazy("This party does not wait any more."),
    "OFFER_OVER": lazy("The time for taking these seats is over. They went to the next party."),
    "PARTY_TOO_LARGE": lazy("There are not so many seats in all."),
    "UNKNOWN_TICKET": lazy("There is no such ticket."),
    "UNKNOWN_NAME": lazy("Nobody of this name is registered."),
    "OTHER_ACTIVITY": lazy("This ticket is for another activity."),
    "NOT_CONFIRMED": lazy("This party has no seats yet: it waits, asks or is in a draw."),
    "TICKET_CANCELLED": lazy("This registration was cancelled."),
    "TOO_EARLY": lazy("The door opens three hours before the activity begins."),
    "ALREADY_IN": lazy("Everybody of this ticket is in already."),
    "NOT_IN": lazy("Nobody of them is in."),
    "NO_SEATS": lazy("No seats are open for registration."),
    "NOT_ENOUGH_POINTS": lazy("You do not have enough points for it."),
    "POINTS_REFUSED": lazy("The points could not be charged, so no seat was kept."),
    "NOBODY": lazy("Tick who is coming."),
    "TOO_MANY": lazy("These are too many for one registration."),
    "UNKNOWN_PERSON": lazy("Somebody you ticked is not in your household any more."),
    "ALREADY_GOING": lazy("Is registered already"),
    "TOO_YOUNG": lazy("Too young on the day of the activity"),
    "CHILD_ALONE": lazy("A child needs somebody grown up in the same party."),
    "HOUSEHOLD_FULL": lazy("Your household cannot take so many seats."),
    "NOT_AN_OWNER": lazy("It is for residents with a home here."),
    "NOT_YOUR_BUILDING": lazy("It is for residents of other buildings."),
    "NOT_YOUR_TIER": lazy("It is for members of other tiers."),
    "TOO_NEW": lazy("It is for who has had a home here for longer."),
    "CAME_RECENTLY": lazy("It is for who did not come to it lately."),
    "WAITING_LIST_ONLY": lazy("You may only join waiting lists now. “My record” says why."),
    "ALREADY_WAIVED": lazy("Nobody of this activity is marked: it is waived already."),
    "NOT_WAIVABLE": lazy(
        "It can be waived once registration has begun, and not after it was called off."
    ),
    "NOT_LIVE": lazy("This mark does not count any more."),
    "NO_TEXT": lazy("Write what happened."),
    "OWN_MARK": lazy("Somebody else decides: not who settled or marked it, nor the member."),
    "DECIDED": lazy("A colleague has answered this appeal already."),
    "OWN_POLICY": lazy("Somebody else has to publish what you wrote."),
    "CHANGED": lazy("A colleague changed this meanwhile. Please look at it again."),
    "BAD_WISH": lazy("Choose for no more persons than come along."),
    "TOO_LATE_TO_CHANGE": lazy("The time for changes is over."),
    "NOT_LARGER": lazy("A party that waits cannot become larger. Give up the place and ask anew."),
    "NOT_PENDING": lazy("Somebody has answered this party already."),
    "BAD_ANSWERS": lazy("Some answers do not fit. Please look at them."),
    "QUESTIONS_CHANGED": lazy("The questions have changed. Please look at them again."),
    "TOO_MANY_GUESTS": lazy("These are too many guests."),
    "NO_HOST": lazy("Guests come with who registers: tick yourself, too."),
    "BAD_GUEST": lazy("Write each guest's name, and the age of who is under 18."),
    "CHANGING": lazy(
        "Dates of this series are being changed just now. Wait until that is done, or stop it."
    ),
    "TERMS_CHANGED": lazy("The terms have changed. Please look at them again."),
}

PHONE: Mapping[str, object] = {
    "NO_PIN": lazy("No PIN is set for this door yet. Set one on the page of the phones."),
    "WRONG_PIN": lazy("This is not the PIN of this door."),
    "UNREADABLE": lazy("The scans could not be read. They stay on the phone."),
    "IN": lazy("Came in"),
    "OUT": lazy("Taken back"),
    "online": lazy("Online"),
    "offline": lazy("Offline: scans stay on this phone and are sent later."),
    "sign_in": lazy("Sign in again to send the scans; nothing is lost."),
    "changed_pin": lazy("The PIN was changed. Scans are still sent; download the list anew."),
    "not_sent": lazy("Still to be sent: {n}"),
    "all_sent": lazy("Everything is sent."),
    "not_sent_yet": lazy("There are scans that are not sent yet. They would be lost."),
    "list_of": lazy("List of {at}"),
    "party_of": lazy("Party of {n}"),
    "in_since": lazy("In since {at}"),
    "let_in": lazy("Let them in"),
    "take_back": lazy("Take back who is ticked"),
    "back": lazy("Back"),
    "they_are_in": lazy("They are in: {n}"),
    "nobody_ticked": lazy("Tick at least one person."),
    "not_on_list": lazy(
        "This ticket is not on the list of {at}. Whoever registered later can come in; it is "
        "checked when the phone is online."
    ),
    "all_the_same": lazy("Let them in all the same"),
    "no_camera": lazy("The camera cannot be used. Take a picture of the code, or type it."),
    "no_code": lazy("No code was found in the picture."),
    "no_store": lazy("This browser cannot keep an encrypted list. Open the page over https."),
    "failed": lazy("This did not work. Try it once more."),
    "forget": lazy("Delete the list from this phone"),
}
"""What the page on a phone says; it speaks for itself while it is offline."""

MODES: Mapping[str, tuple[object, object]] = {
    "": (
        lazy("First come, first served"),
        lazy("Seats go to who registers first."),
    ),
    "shuffled": (
        lazy("Shuffled: the first minutes are one pool"),
        lazy("Who registers in the first minutes is drawn in random order; then first come."),
    ),
    "ballot": (
        lazy("Ballot: entries first, then a draw"),
        lazy("Everybody enters until registration ends; then the seats are drawn."),
    ),
}
"""How seats are given -> what staff choose, what members read."""

RELATIONS: Mapping[str, object] = {
    "member": lazy("Member of the club"),
    "spouse": lazy("Spouse"),
    "child": lazy("Child"),
    "parent": lazy("Parent"),
    "other": lazy("Family"),
}
"""What somebody without an account is to the household."""

LOG: Mapping[str, object] = {
    "write": lazy("Draft written"),
    "edit": lazy("Activity changed"),
    "repeat": lazy("Dates of the series made"),
    "clone": lazy("Copied from another activity"),
    "cover": lazy("Cover picture changed"),
    "conditions": lazy("Conditions changed"),
    "questions": lazy("Questions changed"),
    "ballot": lazy("Way of giving seats changed"),
    "freeze": lazy("Entries of the draw frozen"),
    "draw": lazy("Seats drawn"),
    "submit": lazy("Handed in for review"),
    "return": lazy("Returned to the author"),
    "approve": lazy("Approved and published"),
    "open": lazy("Registration opened"),
    "close": lazy("Registration closed"),
    "start": lazy("Begun"),
    "end": lazy("The activity ended"),
    "settle": lazy("Attendance settled"),
    "archive": lazy("Archived"),
    "postpone": lazy("Postponed"),
    "resume": lazy("New date published"),
    "cancel": lazy("Called off"),
    "stop": lazy("Change of the following dates stopped"),
    "waive": lazy("Nobody is marked for staying away"),
}

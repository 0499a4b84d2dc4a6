"""What announcements keep of people: who wrote them. What members got lies in their inboxes."""

from portal.personal_data import Coverage

TABLES = {
    "announcement": Coverage(
        exported=False, erased=False, why="the club's words; names only the staff who wrote them"
    ),
}

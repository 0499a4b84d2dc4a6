"""What webhooks keep of people."""

from portal.personal_data import Coverage

TABLES = {
    "webhook": Coverage(
        exported=False, erased=False, why="it is the club's; it names who made it, by id only"
    ),
    "webhook_delivery": Coverage(
        exported=False, erased=False, why="random ids and codes only, deleted after 30 days"
    ),
}

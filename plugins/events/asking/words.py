"""The words of questions."""

from collections.abc import Mapping

from plugins.events.asking.questions import Kind, Per
from portal.sdk import lazy

KINDS: Mapping[str, object] = {
    Kind.SHORT: lazy("A few words"),
    Kind.LONG: lazy("A longer text"),
    Kind.ONE: lazy("One of several choices"),
    Kind.SEVERAL: lazy("Several of the choices"),
    Kind.YES_NO: lazy("Yes or no"),
    Kind.NUMBER: lazy("A number"),
}

PERS: Mapping[str, object] = {
    Per.PARTY: lazy("The party, once"),
    Per.PERSON: lazy("Each person of the party"),
}

"""Pages as a person uses them: their forms, with what a browser would send of them."""

from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient

EN = {"Accept-Language": "en"}


class Forms(HTMLParser):
    """The forms of a page's main part: where each goes, and what a browser would send of it."""

    def __init__(self, page: str, address: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.address, self.area = address, ""
        self.feed(page[page.index("<main") : page.index("</main")])

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        held = dict(attrs)
        name, kind = held.get("name", ""), held.get("type", "")
        if tag == "form":
            self.found.append((held.get("action", self.address), {}))
        elif tag == "select":
            self.select = name
        elif tag == "option" and ("selected" in held or self.select not in self.values):
            self.values[self.select] = held["value"]
        elif tag == "textarea":
            self.area = name
            self.values[name] = ""
        elif tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in held):
            value = held.get("value", "")
            both = kind == "checkbox" and name in self.values
            self.values[name] = [*_listed(self.values[name]), value] if both else value

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.values[self.area] += data.strip()

    @property
    def values(self) -> dict[str, Any]:
        return self.found[-1][1]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Screens:
    """An administrator who sees pages and fills in their forms."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def read(self, page: str) -> dict[str, Any]:
        """Return what a browser would send of the first form that goes back to its own page."""
        forms = Forms(self.client.get(page, headers=EN).text, page).found
        return next(values for address, values in forms if address == page)

    def send(self, page: str, to: str = "", fixed: Any = (), /, **typed: Any) -> str:
        """Open a page, type into the form that goes somewhere and holds what is fixed, send it;
        return the address of the page it leads to."""
        shown = self.client.get(page, headers=EN)
        assert shown.status_code == 200, page
        wanted = dict(fixed).items()
        forms = Forms(shown.text, page).found
        form = next((v for a, v in forms if a == (to or page) and wanted <= v.items()), None)
        assert form is not None, f"{page}: no form to {to}, {fixed}"
        answer = self.client.post(to or page, data={**form, **typed}, headers=EN)
        assert answer.status_code == 303, answer.text[answer.text.index("<main") :]
        return str(answer.location)

"""The pages on which contracts, payments and fees are imported."""

from portal.contracts.blueprint import imports as blueprint
from portal.contracts.lists import KINDS
from portal.i18n import lazy
from portal.roster import act_views
from portal.roster.import_routes import ImportPages, add_import_pages

__all__ = ["act_views", "blueprint"]
PAGES = ImportPages(
    at="/p/<project>/staff/contracts/imports",
    permission="contracts.import",
    kinds=tuple(kind.key for kind in KINDS),
    title=lazy("Import of contracts and fees"),
    about=lazy("Look first, write then. Rows of verified buyers count at once and stay."),
    none_yet=lazy("Nothing imported yet"),
    why=lazy("Send the sales office's contracts and payments, or the property office's fees."),
)
add_import_pages(blueprint, PAGES)

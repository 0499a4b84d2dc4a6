"""What a plugin may cost the pages of others: one statement on the home, none for a link."""

from flask import g

from portal.extensions import db
from portal.plugin_host.refs import project_ref
from portal.sdk.testing.contract.world import World
from portal.sdk.testing.statements import counted

HOME = 1
"""SQL statements that a plugin may add to the owner's home."""
NO_SQL = ("nav_items", "member_tabs")


class Home:
    """The owner's home and the frames of all pages."""

    def test_its_card_costs_one_statement(self, contract: World) -> None:
        client, cost = contract.client(contract.member), {}
        for on in (False, True):
            contract.switch(own=on)
            client.get("/p/own/")
            with counted() as sent:
                assert client.get("/p/own/").status_code == 200
            cost[on] = len(sent)
        assert cost[True] - cost[False] <= HOME

    def test_its_links_cost_none(self, contract: World) -> None:
        db.session.commit()
        project = project_ref(contract.own)
        for hook in NO_SQL:
            found = contract.hook(hook)
            with contract.app.test_request_context("/p/own/"), counted() as sent:
                g.project = contract.own
                if found is not None:
                    found.function(**dict.fromkeys(found.argnames, project))
            assert sent.texts == [], hook

"""Language and size of type."""

from flask.testing import FlaskClient

from portal.accounts.models import Account
from portal.extensions import db
from tests import factories

PAGE = "/settings/display"


def test_a_visitors_choice_is_kept_in_cookies(client: FlaskClient) -> None:
    answer = client.post(PAGE, data={"language": "en", "large": "y", "next": "/login"})
    assert (answer.status_code, answer.location) == (303, "/login")
    page = client.get("/login", headers={"Accept-Language": "zh-CN"}).text
    assert '<html lang="en" data-type="large">' in page
    client.post(PAGE, data={"language": "zh_Hant"})
    page = client.get("/login").text
    assert '<html lang="zh-Hant">' in page


def test_an_accounts_choice_follows_it_everywhere(client: FlaskClient, app: object) -> None:
    account = factories.make_account()
    factories.sign_in(client, account)
    client.post(PAGE, data={"language": "zh_Hant", "large": "y"})
    kept = db.session.get_one(Account, account.id)
    db.session.refresh(kept)
    assert (kept.locale, kept.large_type) == ("zh_Hant", True)
    client.delete_cookie("lang")
    client.delete_cookie("type")
    assert '<html lang="zh-Hant" data-type="large">' in client.get(PAGE).text


def test_an_unknown_language_is_refused(client: FlaskClient) -> None:
    for language in ("xx", "", "../etc", "zh_Hans_CN'"):
        assert client.post(PAGE, data={"language": language}).status_code == 422
    client.set_cookie("lang", "../../etc")
    assert client.get("/login").status_code == 200


def test_it_leads_back_only_to_our_pages(client: FlaskClient) -> None:
    for target in ("https://evil.test/", "//evil.test"):
        answer = client.post(PAGE, data={"language": "en", "next": target})
        assert answer.location == "/"

"""The club's colour, and what a colour must be."""

import pytest
from flask.testing import FlaskClient

from portal.club.colors import brand_css, contrast_with_white, is_color
from portal.club.models import Club
from tests import factories

NAMES = {"zh_Hans_CN": "云栖会", "en": "Yunqi Club"}


def make_club(**values: object) -> Club:
    defaults = {"name": NAMES, "tagline": {}, "languages": ["zh_Hans_CN", "zh_Hant", "en"]}
    return factories.add(Club(**defaults | values))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast_with_white("#ffffff") == pytest.approx(1.0)
    assert contrast_with_white("#000000") == pytest.approx(21.0)
    # Known values: the darkest grey that just passes, and the next one.
    assert contrast_with_white("#767676") == pytest.approx(4.54, abs=0.01)
    assert contrast_with_white("#777777") == pytest.approx(4.48, abs=0.01)
    assert contrast_with_white("#ff0000") == pytest.approx(4.0, abs=0.01)


@pytest.mark.parametrize(
    "text",
    ["", "red", "#fff", "#GGGGGG", "#0F766E", "#0f766e;", "#0f766e}", " #0f766e", "#0f766e\n"],
)
def test_only_six_digits_are_a_colour(text: str) -> None:
    assert not is_color(text)
    assert brand_css(text) == ""


def test_the_colour_is_public_cacheable_css(client: FlaskClient) -> None:
    make_club(brand_color="#8a1c4a")
    answer = client.get("/brand.css?v=8a1c4a")
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000"
    assert "--brand: #8a1c4a" in answer.text
    assert "--bs-primary-rgb: 138, 28, 74" in answer.text
    assert "/brand.css?v=8a1c4a" in client.get("/login").text


def test_a_colour_that_is_none_never_reaches_the_style_sheet(client: FlaskClient) -> None:
    make_club(brand_color="}*{a:b;")
    assert client.get("/brand.css").text == ""


def test_the_themes_own_colour_needs_no_rules(client: FlaskClient) -> None:
    make_club(brand_color="#0f766e")
    assert client.get("/brand.css").text == ""

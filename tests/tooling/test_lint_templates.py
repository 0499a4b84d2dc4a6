"""The template checker sees what the content security policy forbids, and nothing else."""

import pytest

from tools.lint_templates import faults


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color: red">',
        '<p STYLE="{{ colour }}">',
        '<button onclick="go()">',
        '<button hx-on:click="go()">',
        '<a href="javascript:go()">',
        "<script>go()</script>",
        "<style>p { color: red }</style>",
        "{{ text|safe }}",
        "{{ text | safe }}",
        "{% autoescape false %}{% endautoescape %}",
        '<img src="/a.png">',
        '<img src="{{ a if b > c else d }}"\n  class="x">',
        '<img src="https://cdn.example/a.png" alt="">',
        '<script src="//cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="http://cdn.example/a.css">',
        "{% if %}",
        "{{ open",
    ],
)
def test_fault_is_found(source: str):
    assert len(list(faults(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        '<p class="style" data-on="x" {% if a > b %}hidden{% endif %}>style= onclick=</p>',
        '<a href="https://example.org">elsewhere</a>',
        '<img src="{{ a }}" alt="">',
        '<script src="{{ url_for("static", filename="a.js") }}"></script>',
        '<script nonce="{{ csp_nonce }}">go()</script>',
        '{# <p style="x"> #}<!-- <img> -->',
        "{{ safe }} {{ text|safely }}",
        "{% trans count=n %}{{ count }} point{% pluralize %}{{ count }} points{% endtrans %}",
    ],
)
def test_good_template_passes(source: str):
    assert list(faults(source)) == []


def test_line_is_named():
    assert next(faults("<p>\n\n{# two\nlines #}<img>"))[0] == 4

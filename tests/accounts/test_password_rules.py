"""Which passwords are refused, and with which sentence."""

import pytest
from flask import Flask

from portal.accounts.password_rules import WeakPasswordError, check_password

OWN = ("+8613800138000", "linxiaoyun@example.test", "林晓芸")


@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("short-9-pw", "easy to guess"),
        ("kettle-9!", "at least 10"),
        ("k3!" * 43, "at most 128"),
        ("woaini1314", "pinyin"),
        ("zhangsan123", "pinyin"),
        ("Zhang.San.123", "pinyin"),
        ("zhang1san2feng3", "pinyin"),
        ("wangxiaoming1990", "pinyin"),
        ("woaini5201314", "pinyin"),
        ("５２０１３１４５２０１３１４", "Numbers alone"),
        ("5201314520", "Numbers alone"),
        ("19900101 2345", "Numbers alone"),
        ("aaaaaaaaaaaa", "more different"),
        ("13800138000-abc", "Do not use"),
        ("my138-0013-8000", "Do not use"),
        ("linxiaoyun-Kettle", "Do not use"),
        ("qwertyuiop1", "easy to guess"),
        ("password1234", "pinyin"),
        ("iloveyou1234", "pinyin"),
    ],
)
def test_what_is_guessed_first_is_refused(app: Flask, password: str, part: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        with pytest.raises(WeakPasswordError) as refused:
            check_password(password, own_words=OWN)
        assert part in str(refused.value.sentence)


@pytest.mark.parametrize(
    "password",
    [
        "kettle-Moon-42-lamp",
        "correct horse battery",
        "rain over the bridge",
        "woxihuanchipingguo77",
        "绿水青山 清晨的茶与灯",
        "Xk9#mQ2$vL7",
        "kettle-Moon-42-lamp" * 6,
    ],
)
def test_what_is_hard_to_guess_is_taken(app: Flask, password: str) -> None:
    with app.test_request_context():
        check_password(password, own_words=OWN)

"""Invented names, phones and card numbers, the same for the same number."""

import random
from collections.abc import Iterator

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕"
    "丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武"
)
COMPOUND_SURNAMES = ("欧阳", "上官", "司徒", "诸葛", "慕容")
_FIRST = "志建文海晓雪明玉国春秋思雨子梓宇浩俊欣佳雅静慧丽婷敏芳兰桂秀美新立永德家安一"
_SECOND_MS = "芳敏静丽娟燕红霞玲梅琳颖洁莹倩怡悦彤涵萱妍薇蓉岚"
_SECOND_MR = "伟强军杰涛斌勇刚峰磊超鹏辉宁波飞凯龙林东明亮辰轩"
MAINLAND_PREFIX = "+86"
_CARDS = 90_000_000
_CARD_STEP = 48_271  # has no factor in common with _CARDS: no number comes twice


def make_name(rng: random.Random, salutation: str) -> str:
    """Return an invented Chinese name that goes with "ms" or "mr"."""
    surname = rng.choice(SURNAMES)
    if rng.random() < 0.01:
        surname = rng.choice(COMPOUND_SURNAMES)
    second = rng.choice(_SECOND_MS if salutation == "ms" else _SECOND_MR)
    return surname + (rng.choice(_FIRST) if rng.random() < 0.8 else "") + second


def named_phone(number: int) -> str:
    """Return the phone (E.164) of a person of the cast: 199 0000 9xxx."""
    return f"{MAINLAND_PREFIX}19900009{number:03d}"


def neighbour_phone(number: int) -> str:
    """Return the phone (E.164) of a background member: beyond the cast and the sample roster."""
    return f"{MAINLAND_PREFIX}1990{1_000_000 + number:07d}"


def card_numbers(taken: frozenset[str]) -> Iterator[str]:
    """Yield card numbers of 8 digits that look random, never one twice nor one of `taken`."""
    for number in range(_CARDS):
        card = str(10_000_000 + (number * _CARD_STEP + 7) % _CARDS)
        if card not in taken:
            yield card

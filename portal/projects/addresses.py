"""Addresses as people write them, brought to one form: "2栋 1单元 0502" is "2-1-502"."""

import re
import unicodedata

_BUILDING_WORDS = ("号楼", "號樓", "栋", "棟", "幢", "座", "楼", "樓", "#")
_ENTRANCE_WORDS = ("单元", "單元", "门", "門")
_NUMBER_WORDS = ("室", "号", "號", "房", "户", "戶")
_WORDS = (*_BUILDING_WORDS, *_ENTRANCE_WORDS, *_NUMBER_WORDS)
_WORD = re.compile("|".join(map(re.escape, _WORDS)))
_CHINESE_NUMBER = re.compile(r"([一二三四五六七八九]?)(十?)([一二三四五六七八九]?)")
_CHINESE_DIGITS = "一二三四五六七八九"
_DIGITS = re.compile(r"\d+")
# Wide enough for every number on a door; a key sorts as people count.
_WIDTH = 5


def split_part(text: str) -> tuple[str, str]:
    """Return one part of an address as (name, word after it): "02 幢" gives ("02", "幢")."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).removeprefix("第")
    for word in _WORDS:
        if plain.endswith(word):
            return plain.removesuffix(word).rstrip("-"), word
    return plain, ""


def part_key(text: str) -> str:
    """Return the one form of a building, entrance or number: "02 幢", "２栋" and "二栋" are equal.

    Numbers are padded, so that keys sort as people count: "2" before "10".
    """
    name = _arabic(split_part(text)[0]).upper()
    return _DIGITS.sub(lambda run: run[0].lstrip("0").rjust(_WIDTH, "0"), name)


def place_key(entrance: str, number: str) -> str:
    """Return the one form of a home within its building."""
    return f"{part_key(entrance)}/{part_key(number)}"


def address_key(building: str, entrance: str, number: str) -> str:
    """Return the one form of a home's address within its project."""
    building, entrance, number = split_address(building, entrance, number)
    return f"{part_key(building)}/{place_key(entrance, number)}"


def split_address(building: str, entrance: str, number: str) -> tuple[str, str, str]:
    """Return the three parts, also when the entrance was typed before the number: "1-1502"."""
    if not entrance.strip():
        parts = parts_of(number)
        if len(parts) == 2:
            return building, parts[0], parts[1]
    return building, entrance, number


def parts_of(text: str) -> list[str]:
    """Return the parts of an address typed in one go: "2栋1单元1502" and "2-1-1502" have three."""
    plain = unicodedata.normalize("NFKC", text)
    return [part for part in re.split(r"[-/,，、\s]+", _WORD.sub(" ", plain)) if part]


def _arabic(name: str) -> str:
    found = _CHINESE_NUMBER.fullmatch(name)
    if not name or not found:
        return name
    tens, ten, units = found.groups()
    if not ten:
        return name if units and tens else str(_digit(tens or units))
    return str(10 * (_digit(tens) or 1) + _digit(units))


def _digit(char: str) -> int:
    return _CHINESE_DIGITS.index(char) + 1 if char else 0

"""Which column of a file is which field: guessed from the header, settled by a person."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum

from portal.i18n import Text, lazy


class Field(StrEnum):
    """What a roster tells of a home and a person."""

    PROJECT = "project"
    HOME = "home"
    BUILDING = "building"
    ENTRANCE = "entrance"
    NUMBER = "number"
    NAME = "name"
    PHONE = "phone"
    ROLE = "role"
    ID_TAIL = "id_tail"
    HANDOVER = "handover"
    AREA = "area"
    NOTE = "note"


FIELD_TITLES: dict[Field, Text] = {
    Field.PROJECT: lazy("Project"),
    Field.HOME: lazy("Whole address (7-1-1201)"),
    Field.BUILDING: lazy("Building"),
    Field.ENTRANCE: lazy("Entrance"),
    Field.NUMBER: lazy("Home number"),
    Field.NAME: lazy("Name of the person"),
    Field.PHONE: lazy("Mobile phone"),
    Field.ROLE: lazy("Relation to the home"),
    Field.ID_TAIL: lazy("Last four of the ID number"),
    Field.HANDOVER: lazy("Handover date"),
    Field.AREA: lazy("Floor area"),
    Field.NOTE: lazy("Remarks"),
}

# The better names first: a file with both "手机" and "联系电话" means the mobile by the former.
_SYNONYMS: dict[Field, tuple[str, ...]] = {
    Field.PROJECT: ("楼盘", "项目", "项目名称", "楼盘名称", "小区", "小区名称", "樓盤", "項目",
                    "project", "community", "estate"),
    Field.HOME: ("房屋", "房屋地址", "房产", "房间", "房屋编号", "房源", "地址", "物业地址",
                 "房屋座落", "房屋坐落", "房屋地址", "address", "home", "property"),
    Field.BUILDING: ("楼栋", "楼号", "栋", "幢", "栋号", "幢号", "楼栋号", "楼座", "座", "楼",
                     "樓棟", "棟", "樓號", "building", "block", "tower"),
    Field.ENTRANCE: ("单元", "单元号", "單元", "entrance", "stairwell"),
    Field.NUMBER: ("房号", "室号", "房间号", "门牌号", "室", "房屋号", "房號", "室號",
                   "number", "room", "unit", "flat", "apartment", "unitnumber", "roomnumber"),
    Field.NAME: ("业主姓名", "姓名", "业主", "客户姓名", "业主名称", "产权人", "产权人姓名", "名字",
                 "客户名称", "業主姓名", "業主", "name", "owner", "ownername", "fullname"),
    Field.PHONE: ("手机", "手机号", "手机号码", "移动电话", "业主手机", "联系手机", "联系电话",
                  "电话", "电话号码", "联系方式", "手機", "手機號碼", "電話", "聯絡電話",
                  "mobile", "mobilephone", "cell", "phone", "phonenumber", "telephone"),
    Field.ROLE: ("关系", "产权人类型", "角色", "身份", "业主类型", "与业主关系", "类型", "關係",
                 "role", "relation", "relationship", "type"),
    Field.ID_TAIL: ("证件号后四位", "身份证后四位", "证件后四位", "身份证号后四位", "证件尾号",
                    "身份证尾号", "证件号码后四位", "證件號後四位", "idtail", "idlast4",
                    "lastfourofid", "last4ofid"),
    Field.HANDOVER: ("交付日期", "交房日", "交房日期", "交付日", "交付时间", "交房时间", "入住日期",
                     "收房日期", "handover", "handoverdate", "handoveron", "deliverydate"),
    Field.AREA: ("建筑面积", "面积", "建面", "房屋面积", "建築面積", "面積", "area", "floorarea"),
    Field.NOTE: ("备注", "说明", "備註", "note", "notes", "remark", "remarks", "comment"),
}  # fmt: skip
_BY_NAME = {
    name: (field, place)
    for field, names in _SYNONYMS.items()
    for place, name in reversed(list(enumerate(names)))
}
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】")
_NOISE = re.compile(r"[\s*:：_\-.、/]+")


def field_of(header: str) -> Field | None:
    """Return the field that a column's name means, or None for a name that we do not know."""
    found = _lookup(header)
    return found[0] if found else None


def suggest(header: Sequence[str]) -> dict[str, str]:
    """Return {field: column} for the columns whose names are known, the best name for each."""
    best: dict[Field, tuple[int, str]] = {}
    for name in header:
        found = _lookup(name)
        if found and (found[0] not in best or found[1] < best[found[0]][0]):
            best[found[0]] = (found[1], name)
    mapping = {field.value: best[field][1] for field in Field if field in best}
    # "房号" alone, without a column of buildings, holds the whole address.
    if Field.BUILDING not in mapping and Field.HOME not in mapping and Field.NUMBER in mapping:
        mapping[Field.HOME] = mapping.pop(Field.NUMBER)
    if Field.HOME in mapping and {Field.BUILDING, Field.NUMBER} <= mapping.keys():
        del mapping[Field.HOME]
    return mapping


def missing_fields(mapping: Mapping[str, str]) -> list[Field]:
    """Return the fields without which nothing can be imported."""
    missing = [field for field in (Field.NAME, Field.PHONE) if field not in mapping]
    if Field.HOME not in mapping:
        missing += [field for field in (Field.BUILDING, Field.NUMBER) if field not in mapping]
    return missing


def tidy_mapping(mapping: Mapping[str, str], header: Sequence[str]) -> dict[str, str]:
    """Return the known fields of `mapping` whose column exists, each column used once."""
    kept: dict[str, str] = {}
    for field in Field:
        column = mapping.get(field)
        if column and column in header and column not in kept.values():
            kept[field.value] = column
    return kept


def _lookup(header: str) -> tuple[Field, int] | None:
    plain = unicodedata.normalize("NFKC", header).lower()
    plain = _NOISE.sub("", _BRACKETS.sub("", plain))
    return _BY_NAME.get(plain) or _BY_NAME.get(plain.rstrip("0123456789"))

"""Which column of a file is which field: guessed from the header, settled by a person."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.i18n import Text, lazy


class Field(StrEnum):
    """What a list tells of a home, a person, a contract or a fee."""

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
    CONTRACT = "contract"
    STATE = "state"
    PRICE = "price"
    SIGNED = "signed"
    CANCELLED = "cancelled"
    REPLACED_BY = "replaced_by"
    PERCENT = "percent"
    AMOUNT = "amount"
    PAID = "paid"
    CATEGORY = "category"
    PERIOD = "period"
    DUE = "due"


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
    Field.CONTRACT: lazy("Contract number"),
    Field.STATE: lazy("State"),
    Field.PRICE: lazy("Price (yuan)"),
    Field.SIGNED: lazy("Signed on"),
    Field.CANCELLED: lazy("Cancelled on"),
    Field.REPLACED_BY: lazy("Exchanged for contract"),
    Field.PERCENT: lazy("Percent reached"),
    Field.AMOUNT: lazy("Amount (yuan)"),
    Field.PAID: lazy("Paid on"),
    Field.CATEGORY: lazy("Kind of fee"),
    Field.PERIOD: lazy("Period"),
    Field.DUE: lazy("Due on"),
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
    Field.CONTRACT: ("合同编号", "合同号", "合同", "认购合同号", "网签号", "合同備案號", "合同編號",
                     "contractnumber", "contractno", "contract"),
    Field.STATE: ("合同状态", "状态", "狀態", "state", "status"),
    Field.PRICE: ("合同总价", "总价", "成交总价", "成交价", "房款总额", "合同金额", "總價",
                  "price", "totalprice", "contractprice"),
    Field.SIGNED: ("签约日期", "签约时间", "签署日期", "合同日期", "签约日", "簽約日期",
                   "signed", "signedon", "signingdate", "contractdate"),
    Field.CANCELLED: ("退房日期", "解约日期", "作废日期", "取消日期", "退房時間",
                      "cancelled", "cancelledon", "canceled", "cancellationdate"),
    Field.REPLACED_BY: ("换房新合同", "新合同编号", "新合同号", "换房后合同", "換房新合同",
                        "replacedby", "newcontract", "exchangedfor"),
    Field.PERCENT: ("累计付款比例", "付款比例", "付款进度", "回款比例", "付款節點", "付款节点",
                    "比例", "percent", "percentreached", "milestone"),
    Field.AMOUNT: ("金额", "收款金额", "付款金额", "回款金额", "应收金额", "费用金额", "應收金額",
                   "金額", "amount", "sum"),
    Field.PAID: ("付款日期", "收款日期", "缴费日期", "实收日期", "回款日期", "到账日期", "繳費日期",
                 "paid", "paidon", "paymentdate", "datepaid"),
    Field.CATEGORY: ("费用类型", "费用项目", "收费项目", "费项", "類別", "类别", "費用類型",
                     "category", "kindoffee", "feetype"),
    Field.PERIOD: ("费用期间", "账期", "所属期", "计费周期", "费用月份", "月份", "賬期",
                   "period", "month", "billingperiod"),
    Field.DUE: ("应缴日期", "应收日期", "到期日", "缴费截止日", "截止日期", "應繳日期",
                "due", "dueon", "duedate"),
}  # fmt: skip
_BY_NAME = {
    field: {name: place for place, name in reversed(list(enumerate(names)))}
    for field, names in _SYNONYMS.items()
}
_BRACKETS = re.compile(r"\([^)]{0,80}\)|\[[^\]]{0,80}\]|【[^】]{0,80}】")
_NOISE = re.compile(r"[\s*:：_\-.、/]+")


@dataclass(frozen=True)
class Columns:
    """The fields that one kind of list has. `needed`: without these nothing can be imported."""

    fields: tuple[Field, ...]
    needed: tuple[Field, ...]
    with_home: bool = True

    def field_of(self, header: str) -> Field | None:
        """Return the field that a column's name means, or None for a name that is not known."""
        found = self._lookup(header)
        return found[0] if found else None

    def suggest(self, header: Sequence[str]) -> dict[str, str]:
        """Return {field: column} for the columns whose names are known, the best name for each."""
        best: dict[Field, tuple[int, str]] = {}
        for name in header:
            found = self._lookup(name)
            if found and (found[0] not in best or found[1] < best[found[0]][0]):
                best[found[0]] = (found[1], name)
        mapping = {field.value: best[field][1] for field in Field if field in best}
        # "房号" alone, without a column of buildings, holds the whole address.
        if Field.BUILDING not in mapping and Field.HOME not in mapping and Field.NUMBER in mapping:
            mapping[Field.HOME] = mapping.pop(Field.NUMBER)
        if Field.HOME in mapping and {Field.BUILDING, Field.NUMBER} <= mapping.keys():
            del mapping[Field.HOME]
        return mapping

    def missing(self, mapping: Mapping[str, str]) -> list[Field]:
        """Return the fields without which nothing can be imported."""
        missing = [field for field in self.needed if field not in mapping]
        if self.with_home and Field.HOME not in mapping:
            missing += [field for field in (Field.BUILDING, Field.NUMBER) if field not in mapping]
        return missing

    def tidy(self, mapping: Mapping[str, str], header: Sequence[str]) -> dict[str, str]:
        """Return the known fields of `mapping` whose column exists, each column used once."""
        kept: dict[str, str] = {}
        for field in self.fields:
            column = mapping.get(field)
            if column and column in header and column not in kept.values():
                kept[field.value] = column
        return kept

    def _lookup(self, header: str) -> tuple[Field, int] | None:
        plain = unicodedata.normalize("NFKC", header).lower()
        plain = _NOISE.sub("", _BRACKETS.sub("", plain))
        for name in (plain, plain.rstrip("0123456789")):
            for field in self.fields:
                if name in _BY_NAME[field]:
                    return field, _BY_NAME[field][name]
        return None


HOME_FIELDS = (Field.PROJECT, Field.HOME, Field.BUILDING, Field.ENTRANCE, Field.NUMBER)
ROSTER = Columns(
    fields=(*HOME_FIELDS, Field.NAME, Field.PHONE, Field.ROLE, Field.ID_TAIL, Field.HANDOVER,
            Field.AREA, Field.NOTE),
    needed=(Field.NAME, Field.PHONE),
)  # fmt: skip

"""The yearly survey: five dimensions, the loyalty trio, recommendation, what to change."""

from typing import Any


def _t(hans: str, hant: str, english: str) -> dict[str, str]:
    return {"zh_Hans_CN": hans, "zh_Hant": hant, "en": english}


_LOW = _t("很不满意", "很不滿意", "Not at all satisfied")
_HIGH = _t("很满意", "很滿意", "Very satisfied")
_NEVER = _t("肯定不会", "肯定不會", "Certainly not")
_SURELY = _t("肯定会", "肯定會", "Certainly")
_DIMENSIONS = {
    "sales": _t("销售服务", "銷售服務", "Sales service"),
    "after_sales": _t(
        "售后服务（报修与整改）", "售後服務（報修與整改）", "After-sales service (repairs)"
    ),
    "property": _t("物业服务", "物業服務", "Property management"),
    "engineering": _t("工程质量", "工程質量", "Quality of the building"),
    "surroundings": _t("周边配套", "周邊配套", "Surroundings"),
}


def _block(key: str, title: dict[str, str], *questions: dict[str, Any]) -> dict[str, Any]:
    return {"key": key, "title": title, "questions": list(questions)}


def _rating(key: str, text: dict[str, str], role: str, **more: Any) -> dict[str, Any]:
    ends = (
        {"low": _LOW, "high": _HIGH} if role == "satisfaction" else {"low": _NEVER, "high": _SURELY}
    )
    scale = {"kind": "1-5", **ends}
    return {
        "key": key,
        "type": "rating",
        "text": text,
        "required": True,
        "scale": scale,
        "role": role,
        **more,
    }


WEIGHTS = {"sales": 15, "after_sales": 20, "property": 30, "engineering": 25, "surroundings": 10}
INSTRUMENT: dict[str, Any] = {
    "format": 1,
    "blocks": [
        _block(
            "overall",
            _t("总体评价", "總體評價", "Overall"),
            _rating(
                "satisfied",
                _t(
                    "总的来说，您对我们的房子和服务满意吗？",
                    "總的來說，您對我們的房子和服務滿意嗎？",
                    "All in all, how satisfied are you with your home and our service?",
                ),
                "satisfaction",
            ),
        ),
        _block(
            "dimensions",
            _t("五个方面", "五個方面", "Five aspects"),
            {
                "key": "aspects",
                "type": "matrix",
                "text": _t(
                    "请评价以下五个方面", "請評價以下五個方面", "Please rate these five aspects"
                ),
                "required": True,
                "not_applicable": True,
                "scale": {"kind": "1-5", "low": _LOW, "high": _HIGH},
                "rows": [
                    {"key": key, "text": words, "dimension": key}
                    for key, words in _DIMENSIONS.items()
                ],
            },
        ),
        _block(
            "loyalty",
            _t("再选择与推荐", "再選擇與推薦", "Again, and to others"),
            _rating(
                "again",
                _t(
                    "如果再买房，您会再选我们吗？",
                    "如果再買房，您會再選我們嗎？",
                    "Would you buy a home from us again?",
                ),
                "again",
            ),
            _rating(
                "recommend",
                _t(
                    "您会把我们推荐给亲友吗？",
                    "您會把我們推薦給親友嗎？",
                    "Would you recommend us to family and friends?",
                ),
                "recommend",
            ),
            {
                "key": "nps",
                "type": "nps",
                "text": _t(
                    "您有多愿意把本小区推荐给朋友？（0 至 10 分）",
                    "您有多願意把本小區推薦給朋友？（0 至 10 分）",
                    "How likely are you to recommend this estate to a friend (0 to 10)?",
                ),
            },
            {
                "key": "recommended",
                "type": "number",
                "text": _t(
                    "您已向几个人推荐过我们？",
                    "您已向幾個人推薦過我們？",
                    "To how many persons have you recommended us?",
                ),
                "least": 0,
                "step": 1,
                "role": "recommended_count",
            },
        ),
        _block(
            "change",
            _t("最想改的事", "最想改的事", "What to change"),
            {
                "key": "worst",
                "type": "long",
                "text": _t(
                    "哪一件事最想让我们改？",
                    "哪一件事最想讓我們改？",
                    "Which one thing should we change?",
                ),
                "most": 500,
                "show_if": {
                    "any": [
                        {"question": "satisfied", "is": "le", "value": 3},
                        *(
                            {"question": "aspects", "row": key, "is": "le", "value": 2}
                            for key in _DIMENSIONS
                        ),
                    ]
                },
            },
        ),
    ],
}

"""Writing an instrument as its document; `read` of it gives the same instrument."""

from decimal import Decimal
from typing import Any

from plugins.surveys.instrument.conditions import All, AnyOf, Condition, Not, Test
from plugins.surveys.instrument.parts import (
    FORMAT,
    Block,
    Instrument,
    Question,
    Scale,
)


def dump(instrument: Instrument) -> dict[str, Any]:
    """Return the document of an instrument, without what is not said."""
    return {"format": FORMAT, "blocks": [_block(each) for each in instrument.blocks]}


def _block(block: Block) -> dict[str, Any]:
    return _said(
        key=block.key,
        title=dict(block.title),
        show_if=_condition(block.show_if),
        random=block.random,
    ) | {"questions": [_question(each) for each in block.questions]}


def _question(question: Question) -> dict[str, Any]:
    return {"type": question.kind.value} | _said(
        key=question.key,
        text=dict(question.text),
        hint=None if question.hint is None else dict(question.hint),
        required=question.required,
        show_if=_condition(question.show_if),
        jump=[{"if": _condition(each.condition), "to": each.to} for each in question.jumps],
        options=[
            _said(
                key=each.key,
                text=dict(each.text),
                other=each.other,
                fixed=each.fixed,
                alone=each.alone,
            )
            for each in question.options
        ],
        rows=[
            _said(key=each.key, text=dict(each.text), dimension=each.dimension)
            for each in question.rows
        ],
        scale=_scale(question.scale),
        not_applicable=question.not_applicable,
        random=question.random,
        least=_number(question.least),
        most=_number(question.most),
        step=_number(question.step),
        pattern=question.pattern,
        sum=question.sum
        and {"with": list(question.sum.questions), "is": _number(question.sum.total)},
        role=question.role and question.role.value,
        dimension=question.dimension,
    )


def _scale(scale: Scale | None) -> dict[str, Any] | None:
    if scale is None:
        return None
    ends = {name: getattr(scale, name) for name in ("low", "high")}
    return {"kind": scale.kind.value} | {
        name: dict(texts) for name, texts in ends.items() if texts is not None
    }


def _condition(condition: Condition | None) -> dict[str, Any] | None:
    match condition:
        case All(parts):
            return {"all": [_condition(each) for each in parts]}
        case AnyOf(parts):
            return {"any": [_condition(each) for each in parts]}
        case Not(part):
            return {"not": _condition(part)}
        case Test(question, op, value, row):
            listed = list(value) if isinstance(value, tuple) else value
            found = {"question": question, "is": op.value} | ({"row": row} if row else {})
            return found if listed is None else found | {"value": listed}
    return None


def _number(value: Decimal | str | None) -> int | float | str | None:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def _said(**values: Any) -> dict[str, Any]:
    """Leave out what says nothing; a 0 says something."""
    return {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value != "" and value != []
    }

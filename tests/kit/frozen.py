"""What plugins may count on, a line each: `python -m tests.kit.frozen` writes it to sdk.txt."""

import dataclasses
import inspect
import re
from collections.abc import Iterator
from enum import EnumType
from pathlib import Path

from portal import sdk
from portal.plugin_host import hookspecs

FILE = Path(__file__).with_name("sdk.txt")


def lines() -> Iterator[str]:
    """Yield every name of the SDK with its signature, then every hook."""
    yield f"API_VERSION {sdk.API_VERSION}"
    for name in sorted(sdk.__all__):
        yield f"sdk {name}{_shape(getattr(sdk, name))}"
    for name in sorted(hookspecs.RETURNS):
        yield f"hook {name}{_signature(getattr(hookspecs, name))}"


def _shape(value: object) -> str:
    if isinstance(value, EnumType):
        return " of, " + ", ".join(sorted(value.__members__))
    if dataclasses.is_dataclass(value):
        return _signature(value)
    if isinstance(value, type):
        return f" class of {', '.join(base.__name__ for base in value.__bases__)}"
    if inspect.isfunction(value):
        return _signature(value)
    if inspect.ismodule(value):
        names = [
            name
            for name, each in vars(value).items()
            if getattr(each, "__module__", "") == value.__name__ and name[0] != "_"
        ]
        return " module with, " + ", ".join(sorted(names))
    return f" {type(value).__name__}"


def _signature(value: object) -> str:
    """Return a signature as it reads, without the modules of names and the places of objects."""
    text = re.sub(r" at 0x[0-9a-f]+", "", str(inspect.signature(value)))  # type: ignore[arg-type]
    return re.sub(r"\b(?:[\w]+\.)+(\w+)", r"\1", text)


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()) + "\n", "utf-8")

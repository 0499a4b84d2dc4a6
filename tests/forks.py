"""Processes that begin with the portal's modules imported: a command of `portal` in a second.

A server imports the modules once; each command is a fork of it, with an environment and a folder
of its own. What is to be tested of starting itself begins with `python -m portal`.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["portal.cli", "portal.features"])


@dataclass
class Forked:
    """A command that runs; what it says goes to a file."""

    process: Any
    output: Any

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.join()

    def communicate(self, timeout: float) -> tuple[str, None]:
        """Wait for the end, and return what was said. Raises TimeoutError after so many seconds."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError
        with self.output:
            return Path(self.output.name).read_text("utf-8"), None


def start_portal(*arguments: str, env: Mapping[str, str], cwd: Path) -> Forked:
    """Start `portal` with these arguments; the folders of PYTHONPATH come first on its path."""
    return _start(_portal, arguments, env, cwd)


def start_code(code: str, *arguments: str, env: Mapping[str, str], cwd: Path) -> Forked:
    """Start Python with these lines."""
    return _start(_code, (code, *arguments), env, cwd)


def _start(
    run: Callable[..., None], arguments: tuple[str, ...], env: Mapping[str, str], cwd: Path
) -> Forked:
    output = NamedTemporaryFile()  # noqa: SIM115 — closed when it is read
    process = FORKS.Process(target=_begin, args=(run, arguments, dict(env), cwd, output.name))
    process.start()
    return Forked(process, output)


def _begin(
    run: Callable[..., None],
    arguments: tuple[str, ...],
    env: Mapping[str, str],
    cwd: Path,
    output: str,
) -> None:
    with open(output, "ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[:0] = env.get("PYTHONPATH", "").split(os.pathsep)
    sys.dont_write_bytecode = True
    run(*arguments)


def _portal(*arguments: str) -> None:
    from portal.cli import main

    sys.argv = ["portal", *arguments]
    main()


def _code(code: str, *arguments: str) -> None:
    sys.argv = ["-c", *arguments]
    exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102

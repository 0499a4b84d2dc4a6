"""A pytest plugin for which nothing passes by not being run.

* A skipped or xfailed test fails the run, and so does a module that skips itself.
* With ``--complete`` (what ``make test`` gives) a run must also have run what it is for: browser
  tests with ``--db sqlite``, any test at all with ``--db postgresql``.

Loaded by tests/conftest.py: ``pytest_plugins = ["tests.no_skips"]``. Works under pytest-xdist,
where the controller sees the reports of all workers.
"""

from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --complete."""
    parser.addoption(
        "--complete",
        action="store_true",
        help="fail when browser tests (--db sqlite) or all tests (--db postgresql) did not run",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run, except in a worker: its controller does."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Watch(config), "no-skips-watch")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Note on the report whether the test is a browser test; the note travels to the controller.

    ``report.keywords`` does not tell: it also holds the names of folders such as tests/browser.
    """
    report = yield
    report.is_browser_test = item.get_closest_marker("browser") is not None
    return report


class Watch:
    """Collect what was skipped and what ran, and fail the run when either is wrong."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.not_run: dict[str, str] = {}
        self.ran = 0
        self.ran_in_browser = 0
        self.faults: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of one phase of one test."""
        if hasattr(report, "wasxfail"):
            self.not_run[report.nodeid] = f"xfail: {report.wasxfail}"
        elif report.skipped:
            self.not_run[report.nodeid] = _reason(report.longrepr)
        elif report.when == "call":
            self.ran += 1
            self.ran_in_browser += getattr(report, "is_browser_test", False)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take note of a module that skips itself."""
        if report.skipped:
            self.not_run[report.nodeid] = _reason(report.longrepr)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn what was not run into a failure."""
        self.faults += [f"{where}: {why}" for where, why in sorted(self.not_run.items())]
        if self.config.getoption("complete"):
            self.faults += self._missing()
        if self.faults and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _missing(self) -> list[str]:
        database = self.config.getoption("db", default="sqlite")
        if database == "sqlite" and not self.ran_in_browser:
            return ["--complete: no test marked 'browser' ran"]
        if not self.ran:
            return [f"--complete: no test ran on {database}"]
        return []

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what was not run."""
        if self.faults:
            terminalreporter.section("not run, so the run fails", red=True)
            for fault in self.faults:
                terminalreporter.line(fault)


def _reason(longrepr: object) -> str:
    if isinstance(longrepr, tuple):
        return str(longrepr[2])
    return str(longrepr)

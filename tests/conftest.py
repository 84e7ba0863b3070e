"""What holds for every test: how many examples Hypothesis draws, and that CI skips nothing for want of a tool."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

IN_CI = os.environ.get("ISCHEDULE_CI") == "1"
"""Set by `.ci/run`, which installs every tool: a test that misses one there is a failure, not a skip."""

settings.register_profile("dev", max_examples=40, deadline=None, derandomize=False)
settings.register_profile("ci", max_examples=80, deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "dev"))


def _fail_if_skipped_for_a_missing_tool(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not IN_CI or report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if "needs " in reason or "could not import" in reason:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: not run here, where everything must run. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_skipped_for_a_missing_tool(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped_for_a_missing_tool(report)
    return report

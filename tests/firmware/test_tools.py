"""A tool that is missing is never missed silently."""

from __future__ import annotations

import pytest

from tests.firmware.tools import PACKAGES, need, want


def test_a_missing_tool_is_named_with_the_package_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception, match=r"^needs clang \(Debian: clang\), ld.lld \(Debian: lld\)$"):
        need("clang", "ld.lld")
    with pytest.raises(pytest.skip.Exception, match=r"^cbmc is not installed: no Debian package$"):
        want("cbmc", "no Debian package")


def test_a_tool_that_ci_would_not_install_is_refused() -> None:
    with pytest.raises(KeyError):
        need("a-tool-of-no-package")
    with pytest.raises(AssertionError):
        want("clang", "")


def test_a_tool_that_is_there_skips_nothing() -> None:
    need()
    assert set(PACKAGES) >= {"gcc", "clang", "mspdebug", "qemu-system-arm"}

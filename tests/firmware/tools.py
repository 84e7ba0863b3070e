"""The tools that tests of firmware run: what each is called, and the Debian package that brings it."""

from __future__ import annotations

import shutil

import pytest

PACKAGES = {
    "gcc": "gcc",
    "clang": "clang",
    "clang-tidy": "clang-tidy",
    "cppcheck": "cppcheck",
    "ld.lld": "lld",
    "llvm-nm": "llvm",
    "llvm-objcopy": "llvm",
    "llvm-objdump": "llvm",
    "llvm-readelf": "llvm",
    "llvm-size": "llvm",
    "nm": "binutils",
    "objdump": "binutils",
    "size": "binutils",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "arm-none-eabi-nm": "binutils-arm-none-eabi",
    "arm-none-eabi-objcopy": "binutils-arm-none-eabi",
    "arm-none-eabi-objdump": "binutils-arm-none-eabi",
    "arm-none-eabi-readelf": "binutils-arm-none-eabi",
    "arm-none-eabi-size": "binutils-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "mspdebug": "mspdebug",
    "spin": "spin",
    "cmake": "cmake",
    "ninja": "ninja-build",
    "make": "make",
}
"""The package of each command; `.ci/run` installs them all."""

LIBRARIES = ("libc6-dev", "libclang-rt-dev", "libnewlib-arm-none-eabi")
"""Packages without a command: C libraries for the host and for Cortex-M, and what sanitizers and fuzzers link with."""


def need(*names: str) -> None:
    """Skip the test where one of these tools is missing; on the machine of `.ci/run` that is a failure."""
    missing = [f"{name} (Debian: {PACKAGES[name]})" for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def want(name: str, reason: str) -> None:
    """Skip the test, everywhere, where a tool is missing that no package of Debian brings; `reason` says what it is."""
    assert name not in PACKAGES
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed: {reason}")

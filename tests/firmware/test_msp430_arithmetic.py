"""The run-time library of the MSP430 port: every operation that clang calls it for, against Python's integers."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from ischedule.firmware.boards.msp430 import PORT, assemble, console
from ischedule.firmware.boards.tool import call
from tests.firmware.tools import need

BITS = (16, 32, 64)
COUNT = 24

_MAIN = """\
#include <stdint.h>
void board_put(char character);
void board_end(void);
static void show(uint64_t number)
{
    board_put('=');
    for (int8_t nibble = 15; nibble >= 0; nibble--) {
        uint8_t digit = 0U;
        for (int8_t bit = 3; bit >= 0; bit--) {
            digit = (uint8_t)((digit << 1) | (((const uint8_t *)&number)[nibble / 2] >> ((nibble % 2) * 4 + bit) & 1U));
        }
        board_put((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
    }
    board_put('\\n');
}
"""

_TYPE = """\
/* Apart, so that no remainder is made of a quotient that is there already. */
typedef uint{bits}_t u{bits};
typedef int{bits}_t s{bits};
__attribute__((noinline)) static u{bits} product{bits}(u{bits} a, u{bits} b) {{ return (u{bits})(a * b); }}
__attribute__((noinline)) static u{bits} quotient{bits}(u{bits} a, u{bits} b) {{ return (u{bits})(a / b); }}
__attribute__((noinline)) static u{bits} rest{bits}(u{bits} a, u{bits} b) {{ return (u{bits})(a % b); }}
__attribute__((noinline)) static s{bits} ratio{bits}(s{bits} a, s{bits} b) {{ return (s{bits})(a / b); }}
__attribute__((noinline)) static s{bits} residue{bits}(s{bits} a, s{bits} b) {{ return (s{bits})(a % b); }}
static const u{bits} left{bits}[] = {{{left}}}, right{bits}[] = {{{right}}};
static void run{bits}(void)
{{
    for (uint16_t i = 0U; i < {count}U; i++) {{
        const u{bits} a = left{bits}[i], b = right{bits}[i];
        const uint8_t places = (uint8_t)(b % {bits}U);
        show(product{bits}(a, b));
        show(quotient{bits}(a, b));
        show(rest{bits}(a, b));
        show((u{bits})ratio{bits}((s{bits})a, (s{bits})b));
        show((u{bits})residue{bits}((s{bits})a, (s{bits})b));
        show((u{bits})(a << places));
        show((u{bits})(a >> places));
        show((u{bits})((s{bits})a >> places));
    }}
}}
"""


def operands(bits: int) -> list[tuple[int, int]]:
    """Pairs of all sizes and both signs; none overflows in a signed division."""
    random = Random(bits)
    edges = [0, 1, 2, (1 << (bits - 1)) - 1, 1 << (bits - 1), (1 << bits) - 1]
    pairs = [(a, b) for a in edges for b in edges]
    pairs += [
        (random.getrandbits(random.randint(1, bits)), random.getrandbits(random.randint(1, bits))) for _ in range(40)
    ]
    usable = [(a, b) for a, b in pairs if b != 0 and (a, b) != (1 << (bits - 1), (1 << bits) - 1)]
    return random.sample(usable, COUNT)


def expected(bits: int) -> list[int]:
    """What the firmware shows."""
    mask = (1 << bits) - 1

    def signed(number: int) -> int:
        return number - (1 << bits) if number >> (bits - 1) else number

    found = []
    for a, b in operands(bits):
        c, d, places = signed(a), signed(b), b % bits
        quotient = abs(c) // abs(d) * (1 if (c < 0) == (d < 0) else -1)
        results = (a * b, a // b, a % b, quotient, c - quotient * d, a << places, a >> places, c >> places)
        found += [result & mask for result in results]
    return found


@pytest.mark.parametrize("optimise", ["-Os", "-O2"])
def test_arithmetic_is_that_of_python(tmp_path: Path, optimise: str) -> None:
    need("clang", "ld.lld", "llvm-nm", "mspdebug")
    text = _MAIN
    for bits in BITS:
        left, right = (
            ", ".join(f"{pair[side]}U{'LL' if bits == 64 else 'L'}" for pair in operands(bits)) for side in (0, 1)
        )
        text += _TYPE.format(bits=bits, left=left, right=right, count=COUNT)
    calls = " ".join(f"run{bits}();" for bits in BITS)
    (tmp_path / "sums.c").write_text(f"{text}void verify_main(void)\n{{ {calls} board_end(); }}\n")
    elf = assemble([tmp_path / "sums.c"], [optimise, "-std=c99"], tmp_path, 0x2000, PORT)
    found = [int(number, 16) for number in re.findall("=([0-9a-f]{16})", console(elf))]
    assert found == [result for bits in BITS for result in expected(bits)]
    used = call(["llvm-nm", "-u", str(tmp_path / "0-sums.o")])
    helpers = set(re.findall(r"\b(__\w+)", used))
    text = "".join(path.read_text() for path in PORT.glob("*.S"))
    written = set(re.findall(r"function (__\w+)", text))
    assert helpers == written


def test_copies_are_copies(tmp_path: Path) -> None:
    need("clang", "ld.lld", "llvm-nm", "mspdebug")
    (tmp_path / "copy.c").write_text(
        """\
#include <stddef.h>
void board_put(char character);
void board_end(void);
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
void verify_main(void)
{
    char text[12];
    char *same = memset(text, '-', sizeof text);
    same = memcpy(&same[3], "abcdef", 5);
    (void)memcpy(text, "xyz", 0);
    for (size_t i = 0; i < sizeof text; i++) {
        board_put(text[i]);
    }
    board_put(same == &text[3] ? '!' : '?');
    board_put('\\n');
    board_end();
}
"""
    )
    elf = assemble([tmp_path / "copy.c"], ["-Os", "-std=c99"], tmp_path, 0x2000, PORT)
    shown = console(elf)
    assert "---abcde----!" in shown

"""Networks as firmware on every board, with power failing: `python -m bench.firmware [RUNS]`.

Exits with 1 if an output, an order, an address or a size is not what is claimed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from ischedule.api import solve
from ischedule.emitting import emitted, runtime_files
from ischedule.models.case import load_case
from ischedule.models.plan_file import PlanFile
from ischedule.verifying import Verified, verify

CASES = Path(__file__).resolve().parent.parent / "cases"
NETWORKS = {
    "keywords-internal-fram": ("host", "cortex-m", "msp430"),
    "kws-inas-1mF-ts1": ("host", "cortex-m"),
    "ds-cnn-msp430": ("host",),
    "ds-cnn-cortex-m4": ("host", "cortex-m"),
    "resnet-8-cortex-m4": ("host", "cortex-m"),
}
"""The boards of each network: MSP430 has room for one, and emulated inferences of many power cycles take long."""

SHARE = {"msp430": 4, "cortex-m": 1, "host": 1}
LARGE = {"ds-cnn-msp430": 50, "ds-cnn-cortex-m4": 50, "resnet-8-cortex-m4": 50}
"""By how much fewer runs are made of what takes long."""

EVERY_STORE = ("keywords-internal-fram", "kws-inas-1mF-ts1", "ds-cnn-msp430")
"""Networks whose power cycles are short enough to try every store of every boot, on the computer."""


def plan_of(name: str) -> PlanFile:
    """The best plan of a shipped case."""
    file = solve(str(CASES / f"{name}.json")).plan_file
    assert file is not None
    return file


def verified(name: str, file: PlanFile, target: str, runs: int, folder: Path) -> bool:
    """One network on one board; what was found is printed."""
    start = time.monotonic()
    every = target == "host" and name in EVERY_STORE
    one = verify(load_case(CASES / f"{name}.json"), file, target, runs, folder, lambda _: None, every_store=every)
    assert isinstance(one, Verified)
    failures = one.runs + (one.every_store.failures if one.every_store else 0)
    wrong = one.wrong + (one.every_store.wrong if one.every_store else 0)
    took = time.monotonic() - start
    print(
        f"{name:24} {target:9} {one.cycles:6,} {one.atoms:6,} {failures:9,} {wrong:6,}"
        f"  {'as planned' if one.deviation is None else one.deviation}, "
        f"{'right' if one.right else 'WRONG'} {took:7.1f} s",
        flush=True,
    )
    return one.holds


def tables(name: str, file: PlanFile) -> bool:
    """What the tables of a plan take, and whether that is within what its check of memory has counted."""
    emission = emitted(load_case(CASES / f"{name}.json"), file, lambda _: None, 0).emission
    assert emission is not None
    each = emission.cycles.table_bytes / emission.power_cycles
    counted = f"{emission.table_bytes:6,} B of {emission.assumed_bytes:6,} B counted"
    print(f"{name:24} {counted}, {each:6.3f} B of runs for each power cycle")
    return emission.table_bytes <= emission.assumed_bytes


RUNTIME = ("isched.c", "isched_record.c", "isched_store_cell.c", "isched_store_log.c")
STORES = {
    "in place": {},
    "log": {
        "OTHER_UNIT 0U": "OTHER_UNIT 8U",
        "META_SECTOR 0U": "META_SECTOR 512U",
        "OTHER_APPENDS 0": "OTHER_APPENDS 1",
        "OTHER_TORN ISCHED_TORN_WHOLE": "OTHER_TORN ISCHED_TORN_ANY",
    },
}
"""Progress overwritten in place, as on the ports' boards; and appended to flash: what their configuration then says."""
COMPILERS = {
    "msp430": (["clang", "--target=msp430", "-ffreestanding"], "llvm-size", {"in place": 1536, "log": 1536}),
    "cortex-m0plus": (
        ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"],
        "arm-none-eabi-size",
        {"in place": 1024, "log": 1104},
    ),
}


def size(target: str, store: str, folder: Path, file: PlanFile) -> bool:
    """What the runtime takes on a target, compiled with the schedule of a plan, without kernels and tables."""
    compiler, sizes, limits = COMPILERS[target]
    most = limits[store]
    emission = emitted(load_case(CASES / "keywords-internal-fram.json"), file, lambda _: None, 0).emission
    assert emission is not None
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**emission.files, **runtime_files(emission)}.items():
        (folder / name).write_text(text)
    port = CASES.parent / "firmware" / "ports" / ("msp430-fram" if target == "msp430" else "cortex-m-mps2")
    config = (port / "isched_config.h").read_text()
    for old, new in STORES[store].items():
        assert old in config
        config = config.replace(old, new)
    (folder / "isched_config.h").write_text("#define ISCHED_META_ADDRESS 0U\n" * (store == "log") + config)
    code = ram = 0
    for name in RUNTIME:
        out = folder / f"{name}.o"
        options = ["-std=c99", "-Os", f"-I{folder}", f"-I{port}"]
        call = [*compiler, *options, "-c", str(folder / name), "-o", str(out)]
        subprocess.run(call, check=True)
        text = subprocess.run([sizes, str(out)], check=True, capture_output=True, text=True).stdout
        numbers = list(map(int, text.splitlines()[1].split()[:3]))
        code, ram = code + numbers[0], ram + numbers[1] + numbers[2]
    print(f"runtime on {target}, {store}: {code:,} B of at most {most:,} B, {ram} B of RAM of at most 64 B")
    return code <= most and ram <= 64


def main(runs: int) -> int:
    """All networks on their boards, tables and sizes."""
    holds = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'network':24} {'board':9} {'cycles':>6} {'atoms':>6} {'failures':>9} {'wrong':>6}")
        for network, boards in NETWORKS.items():
            file = plan_of(network)
            for target in boards:
                some = max(10, runs // SHARE[target] // LARGE.get(network, 1))
                holds &= verified(network, file, target, some, folder / network / target)
        print()
        for network in NETWORKS:
            holds &= tables(network, plan_of(network))
        print()
        small = plan_of("keywords-internal-fram")
        for target, store in product(COMPILERS, STORES):
            holds &= size(target, store, folder / target, small)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000))

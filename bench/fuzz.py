"""Does any image of non-volatile memory break the runtime? Exits 1 if the fuzzer finds one.

The fuzzer of `tests/firmware/test_images.py`, for longer and from seeds that differ, with what it learned kept from one
to the next. Needs clang. Run from the repository's root: `python -m bench.fuzz`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.firmware.fuzzing import BOARDS, build, fuzzed


def main() -> int:
    """Fuzz every kind of memory and say how many images were run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="images for each kind of memory and seed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=1)
    asked = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, board in BOARDS.items():
            place = Path(folder) / name
            corpus = place / "corpus"
            corpus.mkdir(parents=True)
            program = build(place, board)
            begin, images = time.perf_counter(), 0
            for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
                fault, runs = fuzzed(program, asked.runs, seed, corpus)
                images += runs
                failed += bool(fault)
                if fault:
                    print(f"{name}, seed {seed}: {fault}")
            print(f"{name:6} {images:9,} images in {time.perf_counter() - begin:.0f} s")
    print("claim refuted" if failed else "no image breaks the runtime")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

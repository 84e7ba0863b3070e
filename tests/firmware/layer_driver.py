"""The runtime's layers in a shared object of the host: plans and numbers are data, compiled once per arithmetic.

Non-volatile memory is an array. When a power cycle begins, volatile memory is filled with garbage.
"""

from __future__ import annotations

import ctypes
import functools
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Width, Words
from ischedule.firmware import layer_source
from ischedule.firmware.layer_image import NetworkImage
from ischedule.firmware.number_image import NumberImage
from ischedule.models.plan import PowerCycles
from tests.firmware.tools import need
from tests.house.tree import ROOT

RUNTIME = ROOT / "firmware" / "runtime"
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror")
CODES = {Width.INT8: 8, Width.INT16: 16, FixedPoint.Q15: 15}
FIELDS = (
    *("numbers", "in_rows", "in_columns", "in_channels", "rows", "columns", "outputs", "inputs", "groups"),
    *("out_channels", "first_channel", "kernel_rows", "kernel_columns", "row_stride", "column_stride"),
    *("row_dilation", "column_dilation", "top", "left", "sources", "flags"),
    *("tile_rows", "tile_columns", "tile_outputs", "tile_inputs", "batch"),
    *("addresses", "regions", "order", "weights", "input_zero", "zero", "least", "greatest"),
)
KERNELS = (
    *("multiply", "multiply_each", "pool_maximum", "pool_mean"),
    *("global_maximum", "global_mean", "add", "copy", "softmax"),
)
MOST_LAYERS = 64
ARENA = 1 << 17
MEMORY = 1 << 20

_SCHEDULE = f"""\
#ifndef SCHEDULE_H
#define SCHEDULE_H
#include <stdint.h>
#define ISCHED_SKIPS 0
typedef uint32_t isched_step_t;
typedef uint32_t isched_atom_t;
typedef uint32_t isched_offset_t;
extern uint16_t driver_vector;
#define ISCHED_VECTOR driver_vector
#define ISCHED_ARENA_BYTES {ARENA}UL
#define ISCHED_STORES_SUMS 1
#endif
"""

CONFIG = """\
#define ISCHED_ADDRESS_T uint32_t
#define ISCHED_DATA_UNIT 1
#define ISCHED_OTHER_UNIT 0
#define ISCHED_DATA_TORN ISCHED_TORN_WHOLE
#define ISCHED_OTHER_APPENDS 0
#define ISCHED_META_ADDRESS 0
"""

MEMORIES = f"""\
#include "isched_layers.h"
#include "isched_plan.h"
uint8_t driver_memory[{MEMORY}];
uint32_t driver_faults;
static uint32_t driver_gate = 0xffffffffUL;
static uint32_t driver_state;
static uint8_t driver_garbage(void)
{{
    driver_state = driver_state * 1664525U + 1013904223U;
    return (uint8_t)(driver_state >> 24);
}}
void isched_port_nv_read(uint8_t memory, isched_address_t address, void *to, uint16_t bytes)
{{
    uint8_t *place = to;
    driver_faults += (memory != 0U) || (address + bytes > {MEMORY}UL) || (bytes == 0U);
    for (uint16_t i = 0; i < bytes; ++i) {{ place[i] = driver_memory[(address + i) % {MEMORY}UL]; }}
}}
void isched_port_nv_write(uint8_t memory, isched_address_t address, const void *from, uint16_t bytes)
{{
    const uint8_t *place = from;
    driver_faults += (memory != 0U) || (address + bytes > {MEMORY}UL) || (bytes == 0U);
    if (driver_gate == 0U) {{ return; }}
    --driver_gate;
    for (uint16_t i = 0; i < bytes; ++i) {{
        driver_memory[(address + i) % {MEMORY}UL] = (driver_gate == 0U) ? driver_garbage() : place[i];
    }}
}}
void isched_port_nv_complete(uint8_t memory) {{ (void)memory; }}
/* One attempt at a power cycle; what lies behind the arena's used bytes must not change. */
static void driver_cycle(isched_atom_t first, isched_atom_t atoms, uint32_t used)
{{
    uint8_t *arena = (uint8_t *)isched_arena;
    for (size_t i = 0; i < sizeof(isched_arena); ++i) {{ arena[i] = (i < used) ? driver_garbage() : 0x5aU; }}
    for (isched_atom_t place = 0; place < atoms; ++place) {{
        isched_run_atom((isched_atom_t)(first + place), (uint8_t)(place == 0U));
    }}
    for (size_t i = used; i < sizeof(isched_arena); ++i) {{ driver_faults += (arena[i] != 0x5aU); }}
}}
/* The regions of a pass: the one it reads, and 256 times the one it writes. */
uint32_t driver_regions(uint8_t regions, uint8_t order, uint32_t first, uint32_t apart, uint16_t passes, uint16_t pass);
uint32_t driver_regions(uint8_t regions, uint8_t order, uint32_t first, uint32_t apart, uint16_t passes, uint16_t pass)
{{
    isched_layer_t layer = {{0}};
    layer.regions = regions;
    layer.order = order;
    const isched_regions_t found =
        isched_regions(&layer, (isched_atom_t)first, (isched_atom_t)apart, passes, pass);
    return found.reads + 256U * found.writes;
}}
/* Runs power cycles one after the other. Each is begun `failures` times before: the store at which power fails leaves
 * garbage, and those behind it are not made. */
void driver_run(uint32_t runs, uint32_t seed, uint32_t used, uint32_t failures);
void driver_run(uint32_t runs, uint32_t seed, uint32_t used, uint32_t failures)
{{
    isched_atom_t atom = 0;
    driver_state = seed;
    driver_faults = 0;
    for (uint16_t run = 0; run < runs; ++run) {{
        isched_cycles_t cycles;
        isched_cycles(run, &cycles);
        for (isched_step_t cycle = 0; cycle < cycles.repeat; ++cycle) {{
            for (uint32_t failure = 0; failure < failures; ++failure) {{
                driver_gate = 1U + driver_garbage() % (1U << (driver_garbage() % 8U));
                driver_cycle(atom, cycles.atoms, used);
            }}
            driver_gate = 0xffffffffUL;
            driver_cycle(atom, cycles.atoms, used);
            atom = (isched_atom_t)(atom + cycles.atoms);
        }}
    }}
}}
"""

_TABLES = """\
uint16_t driver_vector = 1;
uint32_t driver_cycles[100000][2];
int32_t driver_layers[{most}][{count}];
uint32_t driver_kernels[{most}];
uint32_t driver_ends[{most}];
uint32_t driver_addresses[1024];
isched_word_t driver_weights[1 << 20];
isched_sum_t driver_biases[1 << 16];
int32_t driver_multipliers[1 << 16];
uint8_t driver_shifts[1 << 16];
isched_word_t driver_activations[{most}][65536];
uint8_t driver_is_activated[{most}];
uint32_t driver_shares[{most}][65536];
static const isched_kernel_t *const driver_every[] = {{{kernels}}};
void isched_cycles(uint16_t run, isched_cycles_t *cycles)
{{
    cycles->repeat = driver_cycles[run][0];
    cycles->atoms = driver_cycles[run][1];
    cycles->level = 0;
}}
void isched_layer(uint16_t number, isched_layer_t *layer)
{{
    const int32_t *field = driver_layers[number];
    layer->kernel = driver_every[driver_kernels[number]];
{fields}
    layer->activation = (driver_is_activated[number] != 0U) ? driver_activations[number] : NULL;
    layer->shares = driver_shares[number];
}}
isched_atom_t isched_layer_end(uint16_t number) {{ return driver_ends[number]; }}
isched_address_t isched_layer_address(uint16_t index) {{ return driver_addresses[index]; }}
int32_t isched_multiplier(uint16_t channel) {{ return driver_multipliers[channel]; }}
uint8_t isched_shift(uint16_t channel) {{ return driver_shifts[channel]; }}
void isched_weights_read(isched_offset_t first, isched_word_t *to, uint16_t count)
{{
    for (uint16_t i = 0; i < count; ++i) {{ to[i] = driver_weights[first + i]; }}
}}
void isched_biases_read(uint16_t first, isched_sum_t *to, uint16_t count)
{{
    for (uint16_t i = 0; i < count; ++i) {{ to[i] = driver_biases[first + i]; }}
}}
"""


def _driver() -> str:
    fields = "".join(_assigned(name, place) for place, name in enumerate(FIELDS))
    kernels = ", ".join(f"&isched_kernel_{name}" for name in KERNELS)
    return MEMORIES + _TABLES.format(most=MOST_LAYERS, count=len(FIELDS), fields=fields, kernels=kernels)


def _assigned(name: str, place: int) -> str:
    words, bytes_ = ("input_zero", "zero", "least", "greatest"), ("sources", "regions", "order", "flags")
    kind = "isched_word_t" if name in words else "uint8_t" if name in bytes_ else "uint16_t"
    return f"    layer->{name} = ({'isched_offset_t' if name == 'weights' else kind})field[{place}];\n"


Replaced = tuple[tuple[str, str, str], ...]


def library(width: AnyWidth, *options: str, replaced: Replaced = ()) -> ctypes.CDLL:
    """The shared object; ``replaced`` are (file, text, other text) of the runtime: a defect that is to be noticed."""
    need("gcc")
    return _library(width, options, replaced)


@functools.cache
def _library(width: AnyWidth, options: tuple[str, ...], replaced: Replaced) -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = [file for file in layer_source.RUNTIME if file.endswith(".c")]
        for file in (*layer_source.RUNTIME, "isched_plan.h", "isched_port.h"):
            text = (RUNTIME / file).read_text()
            for where, old, new in replaced:
                if where == file:
                    assert text.count(old) == 1, f"{old} stands {text.count(old)} times in {file}"
                    text = text.replace(old, new)
            (folder / file).write_text(text)
        (folder / "schedule.h").write_text(_SCHEDULE)
        (folder / "isched_config.h").write_text(CONFIG)
        (folder / "driver.c").write_text(_driver())
        command = ["gcc", *WARNINGS, "-O1", "-fPIC", "-shared", f"-DISCHED_ARITHMETIC={CODES[width]}", *options]
        subprocess.run([*command, "-o", "driver.so", "driver.c", *sources], cwd=folder, check=True)
        return ctypes.CDLL(str(folder / "driver.so"))


def put(lib: ctypes.CDLL, name: str, values: Words, offset: int = 0) -> None:
    """Fill a table of the library, from so many bytes on."""
    start = ctypes.addressof(ctypes.c_uint8.in_dll(lib, name))
    ctypes.memmove(start + offset, np.ascontiguousarray(values).tobytes(), values.nbytes)


@dataclass(frozen=True)
class Driver:
    """A library with the layers of a plan and their numbers in its tables."""

    loaded: ctypes.CDLL
    image: NetworkImage
    held: NumberImage

    def prepare(self, cycles: Sequence[PowerCycles]) -> None:
        """Fill the tables."""
        lib, image, held = self.loaded, self.image, self.held
        assert image.arena <= ARENA
        assert len(image.layers) <= MOST_LAYERS
        ctypes.c_uint16.in_dll(lib, "driver_vector").value = image.vector
        self._put("driver_cycles", np.array([[run.repeat, run.atoms] for run in cycles], np.uint32))
        listed: list[int] = []
        for place, (layer, constants) in enumerate(zip(image.layers, held.layers, strict=True)):
            fields = layer_source.described(layer, held) | {
                "tile_rows": layer.tiling.rows,
                "tile_columns": layer.tiling.columns,
                "tile_outputs": layer.tiling.outputs,
                "tile_inputs": layer.tiling.inputs,
                "batch": layer.tiling.batch,
                "addresses": len(listed),
                "regions": layer.regions,
                "order": layer_source.ORDERS[layer.tiling.order],
                "weights": held.first_weight.get(layer.place, 0),
                "input_zero": constants.input_zero,
                "zero": constants.zero,
                "least": constants.least,
                "greatest": constants.greatest,
            }
            listed += layer.addresses
            row = np.array([fields[name] for name in FIELDS], np.int32)
            self._put("driver_layers", row, place * row.nbytes)
            kernel = KERNELS.index(layer_source.kernel_of(layer))
            self._put("driver_kernels", np.array([kernel], np.uint32), 4 * place)
            self._put("driver_is_activated", np.array([constants.activation > 0], np.uint8), place)
            if constants.activation:
                table = held.activations[constants.activation - 1]
                self._put("driver_activations", table, place * 65536 * table.itemsize)
            if constants.shares:
                self._put("driver_shares", held.shares[constants.shares - 1].astype(np.uint32), place * 65536 * 4)
        self._put("driver_ends", np.array(image.ends, np.uint32))
        self._put("driver_addresses", np.array(listed, np.uint32))
        self._put("driver_weights", held.weights)
        self._put("driver_biases", held.biases)
        self._put("driver_multipliers", np.array(held.multipliers, np.int32))
        self._put("driver_shifts", np.array(held.shifts, np.uint8))

    def _put(self, name: str, values: Words, offset: int = 0) -> None:
        put(self.loaded, name, values, offset)


def run_in(
    lib: ctypes.CDLL,
    runs: int,
    arena: int,
    given: tuple[int, Words],
    output: tuple[int, int],
    seed: int = 1,
    failures: int = 0,
    buffers: Sequence[tuple[int, int]] = ((0, MEMORY),),
) -> Words:
    """The words at an output (where, how many) after all power cycles of a library, on an input at an address.

    All of memory but the input is garbage at first, and volatile memory whenever a cycle begins; each cycle fails so
    many times before it is completed. Nothing is written outside of the buffers, given by their first bytes and those
    behind their last ones.
    """
    start = ctypes.addressof(ctypes.c_uint8.in_dll(lib, "driver_memory"))
    address, words = given
    noise = np.random.default_rng(seed).bytes(MEMORY)
    ctypes.memmove(start, noise, MEMORY)
    ctypes.memmove(start + address, words.tobytes(), words.nbytes)
    lib.driver_run(runs, seed, arena, failures)
    assert ctypes.c_uint32.in_dll(lib, "driver_faults").value == 0, "an access outside of memory, or of the arena"
    allowed = np.zeros(MEMORY, np.bool_)
    for first, stop in buffers:
        allowed[first:stop] = True
    changed = np.frombuffer(ctypes.string_at(start, MEMORY), np.uint8) != np.frombuffer(noise, np.uint8)
    assert not (changed & ~allowed).any(), "an access outside of the buffers"
    where, count = output
    return np.frombuffer(ctypes.string_at(start + where, count * words.itemsize), words.dtype)

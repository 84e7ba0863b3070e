"""The numbers of a network in C: `schedule_weights.h` and `schedule_weights.c`."""

from __future__ import annotations

from collections.abc import Sequence

from ischedule.analysis.arithmetic import Words
from ischedule.firmware.columns import Column, wrapped_array
from ischedule.firmware.number_image import NumberImage

_HEADER = """\
/* Weights and biases of all layers, one after the other. */
#ifndef SCHEDULE_WEIGHTS_H
#define SCHEDULE_WEIGHTS_H

#include "isched_kernels.h"

#define ISCHED_WEIGHTS {weights}UL
#define ISCHED_BIASES {biases}UL

/* 1: a board keeps them elsewhere, and has its own isched_weights_read() and isched_biases_read(). */
#ifndef ISCHED_WEIGHTS_ELSEWHERE
#define ISCHED_WEIGHTS_ELSEWHERE 0
#endif

#if !ISCHED_WEIGHTS_ELSEWHERE
{externs}#endif

#endif
"""

_HEAD = """\
/* The numbers of the network: weights, biases, scalings of sums, tables. */
#include "schedule_weights.h"

#include "isched_layers.h"
"""

_READS = """\
ISCHED_WEAK void isched_{what}_read({index} first, {kind} *to, uint16_t count)
{{
{body}
}}
"""

_COPY = """\
    for (uint16_t place = 0; place < count; ++place) {{
        to[place] = isched_{what}[(size_t)first + place];
    }}"""

_NOTHING = """\
    (void)first;
    (void)to;
    (void)count;"""

_SCALING = """\
int32_t isched_multiplier(uint16_t channel)
{
    (void)channel;
    return (int32_t)ISCHED_MULTIPLIERS(channel);
}

uint8_t isched_shift(uint16_t channel)
{
    (void)channel;
    return (uint8_t)ISCHED_SHIFTS(channel);
}
"""

_LAYER = """\
void isched_layer_numbers(uint16_t number, isched_layer_t *layer)
{{
    (void)number;
    layer->input_zero = (isched_word_t)ISCHED_NUMBERS_INPUT_ZERO(number);
    layer->zero = (isched_word_t)ISCHED_NUMBERS_ZERO(number);
    layer->least = (isched_word_t)ISCHED_NUMBERS_LEAST(number);
    layer->greatest = (isched_word_t)ISCHED_NUMBERS_GREATEST(number);
    layer->activation = {activation};
    layer->shares = {shares};
}}
"""


def number_files(held: NumberImage) -> dict[str, str]:
    """The files by name."""
    has_weights, has_biases = bool(len(held.weights)), bool(len(held.biases))
    externs = f"extern const isched_word_t isched_weights[{len(held.weights)}];\n" if has_weights else ""
    externs += f"extern const isched_sum_t isched_biases[{len(held.biases)}];\n" if has_biases else ""
    header = _HEADER.format(weights=len(held.weights), biases=len(held.biases), externs=externs)
    parts = [
        _HEAD,
        "#if !ISCHED_WEIGHTS_ELSEWHERE\n",
        numbers_array("const isched_word_t", "isched_weights", held.weights) if has_weights else "",
        numbers_array("const isched_sum_t", "isched_biases", held.biases) if has_biases else "",
        _read("weights", "isched_offset_t", "isched_word_t", has_weights),
        _read("biases", "uint16_t", "isched_sum_t", has_biases),
        "#endif\n",
        "".join(column.text() for column in _scalings(held)),
        _SCALING,
        _tables("isched_activation", "isched_word_t", held.activations),
        _tables("isched_share", "uint32_t", held.shares),
        _constants(held),
    ]
    return {"schedule_weights.h": header, "schedule_weights.c": "\n".join(part for part in parts if part)}


def _read(what: str, index: str, kind: str, is_there: bool) -> str:
    body = _COPY.format(what=what) if is_there else _NOTHING
    return _READS.format(what=what, index=index, kind=kind, body=body)


def _tables(name: str, kind: str, tables: Sequence[Words]) -> str:
    """Tables, and an array of pointers to them, none of which is first."""
    if not tables:
        return ""
    text = [numbers_array(f"static const {kind}", f"{name}_{place}", table) for place, table in enumerate(tables, 1)]
    names = ", ".join(["NULL", *(f"{name}_{place}" for place in range(1, len(tables) + 1))])
    return "\n".join([*text, f"static const {kind} *const {name}_tables[{len(tables) + 1}] = {{{names}}};\n"])


def number_bytes(held: NumberImage) -> int:
    """What all numbers take: weights, biases, scalings, tables, and what is said of each layer; without pointers."""
    scalings = _scalings(held)
    tables = sum(table.nbytes for table in held.activations) + sum(4 * len(table) for table in held.shares)
    return held.bytes + tables + sum(column.bytes for column in (*scalings, *_columns(held)))


def _scalings(held: NumberImage) -> list[Column]:
    return [
        Column.of("isched_multipliers", held.multipliers or (0,)),
        Column.of("isched_shifts", held.shifts or (1,)),
    ]


def _columns(held: NumberImage) -> list[Column]:
    columns = [
        Column.of("isched_numbers_input_zero", [layer.input_zero for layer in held.layers]),
        Column.of("isched_numbers_zero", [layer.zero for layer in held.layers]),
        Column.of("isched_numbers_least", [layer.least for layer in held.layers]),
        Column.of("isched_numbers_greatest", [layer.greatest for layer in held.layers]),
    ]
    if held.activations:
        columns.append(Column.of("isched_numbers_activation", [layer.activation for layer in held.layers]))
    if held.shares:
        columns.append(Column.of("isched_numbers_share", [layer.shares for layer in held.layers]))
    return columns


def _constants(held: NumberImage) -> str:
    activation = shares = "NULL"
    if held.activations:
        activation = "isched_activation_tables[ISCHED_NUMBERS_ACTIVATION(number)]"
    if held.shares:
        shares = "isched_share_tables[ISCHED_NUMBERS_SHARE(number)]"
    text = "".join(column.text() for column in _columns(held))
    return text + "\n" + _LAYER.format(activation=activation, shares=shares)


def numbers_array(kind: str, name: str, values: Words) -> str:
    """An array of signed numbers."""
    return wrapped_array(kind, name, list(map(_signed, values.tolist())))


def _signed(value: int) -> str:
    """A literal of a type that holds it wherever it is compiled."""
    if -(1 << 15) < value < 1 << 15:
        return str(value)
    suffix = "L" if -(1 << 31) < value < 1 << 31 else "LL"
    if value == -(1 << 15):
        return "-32767 - 1"
    return f"{value}{suffix}"

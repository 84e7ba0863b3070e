"""The layers of a plan in C: columns of what the plan decides and of what the network is, and what reads both."""

from __future__ import annotations

from collections.abc import Sequence

from ischedule.analysis.arithmetic import FixedPoint, Width
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.firmware.columns import Column, integer_type
from ischedule.firmware.layer_image import LayerImage, NetworkImage, image_of
from ischedule.firmware.number_image import NumberImage, numbers_of
from ischedule.firmware.number_source import number_bytes, number_files
from ischedule.firmware.source import WorkSource, comment
from ischedule.models.case import Case
from ischedule.models.plan_file import PlanFile
from ischedule.models.program import Program
from ischedule.models.tiling import Arithmetic, Order

RUNTIME = (
    "isched_kernels.h",
    "isched_arithmetic.h",
    "isched_layers.h",
    "isched_staging.h",
    "isched_layers.c",
    "isched_regions.c",
    "isched_staging.c",
    "isched_scaled.c",
    "isched_kernels_multiply.c",
    "isched_kernels_pool.c",
    "isched_kernels_combine.c",
)
"""The files of the runtime that run layers."""

_ARITHMETIC = {Width.INT8: "8 /* int8 */", Width.INT16: "16 /* int16 */", FixedPoint.Q15: "15 /* Q15 */"}
ORDERS = {Order.INPUT: 0, Order.WEIGHT: 1, Order.OUTPUT: 2}
_POINTER_BYTES = 4

_DECLARED = """\
/* Layers, their words, and the volatile memory that they take. */
#define ISCHED_LAYERS {layers}U
#define ISCHED_ARITHMETIC {arithmetic}
#define ISCHED_VECTOR {vector}U
#define ISCHED_ARENA_BYTES {arena}UL
#define ISCHED_STORES_SUMS {sums}

/* Buffers are written from multiples of so many bytes, so many at a time. */
#define ISCHED_ALIGNMENT {alignment}U
typedef {offset} isched_offset_t;
"""

_READ = """\
void isched_layer(uint16_t number, isched_layer_t *layer)
{{
    layer->kernel = ISCHED_LAYERS_KERNEL(number);
{fields}
    layer->order = ISCHED_LAYERS_DESIGN(number) & 3U;
    layer->regions = ISCHED_LAYERS_DESIGN(number) >> 2;
    layer->addresses = 0;
    for (uint16_t before = 0; before < number; ++before) {{
        layer->addresses = (uint16_t)(layer->addresses + ISCHED_LAYERS_LISTED(before));
    }}
    layer->weights = 0;
    if ((layer->flags & ISCHED_HAS_WEIGHTS) != 0U) {{
        const uint16_t last = (uint16_t)(layer->addresses + layer->sources + layer->regions);
        layer->weights = (isched_offset_t)isched_layer_address(last);
    }}
    isched_layer_numbers(number, layer);
}}

isched_atom_t isched_layer_end(uint16_t number)
{{
    (void)number;
    return (isched_atom_t)ISCHED_LAYERS_END(number);
}}

isched_address_t isched_layer_address(uint16_t index)
{{
    (void)index;
    return (isched_address_t)ISCHED_LAYERS_ADDRESSES(index);
}}
"""

_LISTED = """\
/* How many addresses a layer has. */
#define ISCHED_LAYERS_LISTED(i) \\
    (ISCHED_LAYERS_SOURCES(i) + (ISCHED_LAYERS_DESIGN(i) >> 2) + (ISCHED_LAYERS_FLAGS(i) / ISCHED_HAS_WEIGHTS % 2U))
"""


def network_source(
    case: Case, program: Program, plan_file: PlanFile, numbers: Sequence[LayerNumbers] | None
) -> WorkSource:
    """The layers of an accepted plan, and their numbers if they are given.

    Without numbers the application defines what schedule_weights.c would. Raises `InputError` for what the runtime does
    not carry out.
    """
    assert plan_file.plan is not None, "an accepted plan file has a plan"
    image = image_of(case, program, plan_file.plan, dict(plan_file.addresses))
    held = numbers_of(image, numbers)
    decided, network = _plan_columns(image, held), _network_columns(image, held)
    kernels = _kernel_column(image)
    text = [
        '#include "isched_layers.h"\n',
        f"/* Layers: {comment(', '.join(layer.kernel.name for layer in image.layers))}. */",
        "/* What the plan decides: order and regions, tiles, and where tensors, sums and weights lie. */",
        "".join(column.text() for column in decided),
        "/* What the network is. */",
        "".join(column.text() for column in network) + kernels + _LISTED,
        _READ.format(fields=_fields(network + decided[2:7])),
    ]
    return WorkSource(
        _declared(image, held),
        "\n".join(text),
        number_files(held) if numbers is not None else {},
        RUNTIME,
        sum(column.bytes for column in decided),
        sum(column.bytes for column in network) + _POINTER_BYTES * ("static" in kernels) * len(image.layers),
        number_bytes(held) if numbers is not None else 0,
    )


def _declared(image: NetworkImage, held: NumberImage) -> str:
    return _DECLARED.format(
        layers=len(image.layers),
        arithmetic=_ARITHMETIC[image.width],
        vector=image.vector,
        arena=image.arena,
        sums=int(any(layer.stores_sums for layer in image.layers)),
        alignment=_alignment(image),
        offset="uint16_t" if integer_type(0, held.weight_count)[1] < 4 else "uint32_t",
    )


def _alignment(image: NetworkImage) -> int:
    """Bytes of a word, where every buffer begins with a whole one."""
    word = image.width.word.itemsize
    return word if all(address % word == 0 for layer in image.layers for address in layer.addresses) else 1


def _plan_columns(image: NetworkImage, held: NumberImage) -> list[Column]:
    layers = image.layers
    listed: list[int] = []
    for layer in layers:
        listed += [*layer.addresses, *([held.first_weight[layer.place]] if layer.has_weights else [])]
    designs = [ORDERS[layer.tiling.order] + 4 * layer.regions for layer in layers]
    return [
        Column.of("isched_layers_end", image.ends),
        Column.of("isched_layers_design", designs),
        Column.of("isched_layers_tile_rows", [layer.tiling.rows for layer in layers]),
        Column.of("isched_layers_tile_columns", [layer.tiling.columns for layer in layers]),
        Column.of("isched_layers_tile_outputs", [layer.tiling.outputs for layer in layers]),
        Column.of("isched_layers_tile_inputs", [layer.tiling.inputs for layer in layers]),
        Column.of("isched_layers_batch", [layer.tiling.batch for layer in layers]),
        Column.of("isched_layers_addresses", listed),
    ]


def _network_columns(image: NetworkImage, held: NumberImage) -> list[Column]:
    fields = [described(layer, held) for layer in image.layers]
    return [Column.of(f"isched_layers_{name}", [one[name] for one in fields]) for name in fields[0]]


def described(layer: LayerImage, held: NumberImage) -> dict[str, int]:
    """The fields of `isched_layer_t` that the plan does not decide."""
    extent, padding = layer.extent, layer.kernel.shape.padding
    flags = (extent.channelwise, extent.pooling, extent.bias, layer.has_weights, extent.adds_up)
    return {
        "numbers": held.first_channel.get(layer.place, 0),
        "in_rows": layer.reads[0],
        "in_columns": layer.reads[1],
        "in_channels": layer.reads[2],
        "rows": extent.rows,
        "columns": extent.columns,
        "outputs": extent.outputs,
        "inputs": extent.inputs,
        "groups": extent.groups,
        "out_channels": layer.out_channels,
        "first_channel": layer.first_channel,
        "kernel_rows": extent.kernel_rows,
        "kernel_columns": extent.kernel_columns,
        "row_stride": extent.stride[0],
        "column_stride": extent.stride[1],
        "row_dilation": extent.dilation[0],
        "column_dilation": extent.dilation[1],
        "top": padding[0],
        "left": padding[2],
        "sources": layer.sources,
        "flags": sum(1 << place for place, is_set in enumerate(flags) if is_set),
    }


def _fields(columns: Sequence[Column]) -> str:
    lines = []
    for column in columns:
        field = column.name.removeprefix("isched_layers_")
        kind = "uint8_t" if field in ("sources", "flags") else "uint16_t"
        lines.append(f"    layer->{field} = ({kind}){column.name.upper()}(number);")
    return "\n".join(lines)


def _kernel_column(image: NetworkImage) -> str:
    names = [f"&isched_kernel_{kernel_of(layer)}" for layer in image.layers]
    if len(set(names)) == 1:
        return f"#define ISCHED_LAYERS_KERNEL(i) {names[0]}\n"
    body = "".join(f"    {name},\n" for name in names)
    array = f"static const isched_kernel_t *const isched_layers_kernel[{len(names)}] = {{\n{body}}};\n"
    return f"{array}#define ISCHED_LAYERS_KERNEL(i) isched_layers_kernel[i]\n"


def kernel_of(layer: LayerImage) -> str:
    """Which of the runtime's kernels computes a layer."""
    extent, is_maximum = layer.extent, layer.takes_maximum
    if extent.pooling:
        return "global_maximum" if is_maximum else "global_mean"
    if extent.arithmetic is Arithmetic.POOL:
        return "pool_maximum" if is_maximum else "pool_mean"
    if extent.arithmetic is Arithmetic.MULTIPLY:
        return "multiply_each" if extent.channelwise else "multiply"
    return {Arithmetic.ADD: "add", Arithmetic.COPY: "copy", Arithmetic.SOFTMAX: "softmax"}[extent.arithmetic]

"""Kernels compute what the layers say, each once, and leave their results where others look for them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given

from ischedule.models.layer import ACTIVATIONS, Layer, LayerShape, NetworkError, TensorShape
from ischedule.models.lowering import Kernel, Lowered, forms_of, lowered
from ischedule.models.nest import Work, atoms_of, work_of
from ischedule.models.network import Network
from ischedule.models.tiling import Extent, Tiling
from tests.models.network_strategies import networks

IMAGE = TensorShape(4, 6, 6)


def conv(name: str, source: str = "input", channels: int = 4, **fields: object) -> Layer:
    return Layer(name, "conv2d", (source,), channels, (1, 1), **fields)  # type: ignore[arg-type]


def of(*layers: Layer, fold: bool = True) -> Lowered:
    return lowered(Network(IMAGE, layers, fold=fold))


def names(found: Lowered) -> list[tuple[str, ...]]:
    return [kernel.layers for kernel in found.kernels]


def elements_of(network: Network) -> dict[str, int]:
    return {"input": network.input.elements} | {shape.name: shape.out_elements for shape in network.shapes()}


@given(networks())
def test_every_layer_is_computed_once_or_renames(network: Network) -> None:
    found = lowered(network)
    computed = Counter(name for kernel in found.kernels for name in kernel.layers)
    for layer in network.layers:
        if layer.kind in ("flatten", "reshape"):
            assert computed[layer.name] == 0
        elif layer.kind == "concat":
            assert computed[layer.name] <= len(layer.inputs)
        else:
            assert computed[layer.name] == 1
    assert sum(kernel.shape.macs for kernel in found.kernels) == sum(shape.macs for shape in network.shapes())
    if not network.fold:
        assert all(len(kernel.layers) == 1 for kernel in found.kernels)


@given(networks())
def test_kernels_read_what_is_complete(network: Network) -> None:
    """In the listed order each tensor is whole when it is read, and no kernel writes what another has read."""
    found = lowered(network)
    elements = Counter({0: found.tensors[0]})
    read: set[int] = set()
    for kernel, needs in zip(found.kernels, found.needs(), strict=True):
        assert kernel.writes not in (*kernel.reads, *read)
        for tensor in kernel.reads:
            assert elements[tensor] == found.tensors[tensor]
        read.update(kernel.reads)
        elements[kernel.writes] += kernel.stored_elements
        makers = {index for index, other in enumerate(found.kernels) if other.writes in kernel.reads}
        assert needs == makers
    assert all(elements[index] == size for index, size in enumerate(found.tensors))


@given(networks())
def test_layers_that_read_one_another_do_so_through_kernels(network: Network) -> None:
    """The kernel of a layer needs, directly or not, those of all layers that it depends on."""
    import networkx

    found = lowered(network)
    kernel_of = {name: index for index, kernel in enumerate(found.kernels) for name in kernel.layers}
    before: list[set[int]] = []
    for needs in found.needs():
        before.append(needs.union(*(before[index] for index in needs)))
    graph = network.graph()
    for layer in network.layers:
        if layer.name not in kernel_of or layer.kind == "concat":
            continue
        needed = {kernel_of[name] for name in networkx.ancestors(graph, layer.name) if name in kernel_of}
        copies = {
            index
            for index, kernel in enumerate(found.kernels)
            if any(name in networkx.ancestors(graph, layer.name) for name in kernel.layers)
        }
        own = kernel_of[layer.name]
        assert needed | copies | {own} == before[own] | {own}


@given(networks())
def test_nests_have_the_results_and_the_multiplications_of_their_layers(network: Network) -> None:
    for kernel in lowered(network).kernels:
        for form in forms_of(kernel.shape, dense_as_channels=True):
            tiling = Tiling(0, form.orders[0], 1, 1, 1, form.least_inputs, 1)
            steps = [step for atom in atoms_of(form, tiling) for step in atom.steps]
            work = sum((work_of(form, step, 1) for step in steps), Work())
            extra = kernel.shape.out_elements if kernel.shape.kind == "batch_norm" else 0
            assert work.macs == kernel.shape.macs + extra
            assert work.finishes == (0 if kernel.shape.activation is None else kernel.shape.out_elements)
            if not form.pooling:
                assert form.groups * form.rows * form.columns * form.results == kernel.shape.out_elements


def test_normalisation_and_activation_are_folded_into_a_filter() -> None:
    layers = (conv("c"), Layer("n", "batch_norm", ("c",)), Layer("r", "activation", ("n",), activation="relu6"))
    found = of(*layers)
    (kernel,) = found.kernels
    assert (kernel.name, kernel.layers) == ("c", ("c", "n", "r"))
    assert (kernel.shape.bias, kernel.shape.activation, kernel.parameters) == (True, "relu6", 16 + 4)
    assert names(of(*layers, fold=False)) == [("c",), ("n",), ("r",)]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ((conv("c", activation="relu"), Layer("n", "batch_norm", ("c",))), [("c",), ("n",)]),
        ((Layer("n", "batch_norm", ("input",), activation="relu"),), [("n",)]),
        ((Layer("r", "activation", ("input",), activation="relu"),), [("r",)]),
        ((conv("c"), conv("d", "c"), Layer("n", "batch_norm", ("c",))), [("c",), ("d",), ("n",)]),
        (
            (Layer("p", "global_max_pool", ("input",)), Layer("r", "activation", ("p",), activation="tanh")),
            [("p",), ("r",)],
        ),
        (
            (Layer("p", "max_pool", ("input",), None, (2, 2)), Layer("r", "activation", ("p",), activation="tanh")),
            [("p", "r")],
        ),
    ],
)
def test_what_is_folded_and_what_is_not(layers: tuple[Layer, ...], expected: list[tuple[str, ...]]) -> None:
    assert names(of(*layers)) == expected


def test_a_skip_is_one_tensor_that_two_read() -> None:
    found = of(conv("a"), conv("b", "a"), Layer("sum", "add", ("a", "b"), activation="relu"))
    assert [kernel.reads for kernel in found.kernels] == [(0,), (1,), (1, 2)]
    assert found.needs() == [set(), {0}, {0, 1}]
    assert found.tensors == (IMAGE.elements,) * 4


def test_a_fire_module_writes_where_its_joint_is_wanted() -> None:
    found = of(
        conv("s", channels=2),
        conv("e1", "s"),
        conv("e3", "s"),
        Layer("join", "concat", ("e1", "e3")),
        conv("t", "join"),
    )
    assert names(found) == [("s",), ("e1",), ("e3",), ("t",)]
    assert [kernel.writes for kernel in found.kernels] == [1, 2, 2, 3]
    assert found.needs() == [set(), {0}, {0}, {1, 2}]
    assert found.tensors[2] == 8 * 36


def test_what_others_read_too_is_copied() -> None:
    found = of(conv("a"), Layer("join", "concat", ("a", "input", "a")), conv("b", "a"))
    assert [kernel.name for kernel in found.kernels] == ["a", "join of a", "join of input", "join of a", "b"]
    assert found.tensors == (144, 144, 3 * 144, 144)
    assert all(kernel.shape.out_elements == 144 and kernel.parameters == 0 for kernel in found.kernels[1:4])


def test_renamed_tensors_are_not_copied() -> None:
    found = of(conv("a"), Layer("f", "flatten", ("a",)), Layer("d", "dense", ("f",), 3))
    assert names(found) == [("a",), ("d",)]
    assert found.kernels[1].reads == (1,)
    assert found.kernels[1].shape.in_channels == 144


def test_nothing_to_run_is_refused() -> None:
    with pytest.raises(NetworkError) as caught:
        of(Layer("f", "flatten", ("input",)))
    assert caught.value.path == ".layers"


def shape(kind: str, **fields: object) -> LayerShape:
    return LayerShape("l", kind, 6, 8, 8, 6, 4, 4, 3, 3, stride=(2, 2), padding=(1, 1, 1, 1), **fields)  # type: ignore[arg-type]


def test_forms_of_filters() -> None:
    extents = (4, 4, 3, 3, 3, 3)
    assert forms_of(shape("conv2d", groups=2, bias=True), True) == (
        Extent(*extents, stride=(2, 2), groups=2, bias=True),
    )
    (depthwise,) = forms_of(shape("conv2d", groups=6, activation="relu"), True)
    assert depthwise == Extent(4, 4, 1, 6, 3, 3, stride=(2, 2), channelwise=True, finish=True)


def test_every_activation_is_a_finish() -> None:
    for name in ACTIVATIONS:
        kernel = of(conv("c", activation=name)).kernels[0]
        assert isinstance(kernel, Kernel)
        assert all(form.finish for form in forms_of(kernel.shape, True))

"""Networks: shapes of chains, and every way in which a graph of layers can be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.network import Layer, LayerShape, Network, NetworkError, TensorShape

IMAGE = TensorShape(3, 32, 32)
CONV = Layer("conv", "conv2d", ("input",), 8, (5, 3))
POOL = Layer("pool", "global_average_pool", ("conv",))
DENSE = Layer("dense", "dense", ("pool",), 10)


def test_shapes_of_a_small_chain() -> None:
    conv, pool, dense = Network(IMAGE, (CONV, POOL, DENSE)).chain()
    assert conv == LayerShape("conv", "conv2d", 3, 32, 32, 8, 28, 30, 5, 3)
    assert pool == LayerShape("pool", "global_average_pool", 8, 28, 30, 8, 1, 1, 28, 30)
    assert dense == LayerShape("dense", "dense", 8, 1, 1, 10, 1, 1, 1, 1)
    assert (conv.weights, conv.macs) == (8 * 3 * 15, 8 * 3 * 15 * 28 * 30)
    assert (pool.weights, pool.macs) == (0, 0)
    assert (dense.weights, dense.macs) == (80, 80)
    assert (conv.in_elements, conv.out_elements) == (3 * 32 * 32, 8 * 28 * 30)


def test_a_dense_layer_flattens_its_input() -> None:
    (dense,) = Network(TensorShape(2, 5, 7), (Layer("d", "dense", ("input",), 4),)).chain()
    assert (dense.kernel_height, dense.kernel_width, dense.weights) == (5, 7, 4 * 70)
    assert dense.in_elements == 70


def test_a_published_network_has_its_published_shapes() -> None:
    """The network that iNAS found for CIFAR-10 at 1 mF and 576 s, and the output shapes in its header."""
    layers = []
    before = "input"
    for kernel, filters in ((1, 24), (3, 16), (5, 4), (5, 8), (7, 16)):
        name = f"conv{len(layers)}"
        layers.append(Layer(name, "conv2d", (before,), filters, (kernel, kernel)))
        before = name
    layers += [Layer("pool", "global_average_pool", (before,)), Layer("end", "dense", ("pool",), 10)]
    shapes = Network(IMAGE, tuple(layers)).chain()
    assert [(shape.out_channels, shape.out_height, shape.out_width) for shape in shapes] == [
        (24, 32, 32),
        (16, 30, 30),
        (4, 26, 26),
        (8, 22, 22),
        (16, 16, 16),
        (16, 1, 1),
        (10, 1, 1),
    ]


def test_one_dimensional_convolutions_run_along_the_height() -> None:
    (shape,) = Network(TensorShape(9, 128, 1), (Layer("c", "conv1d", ("input",), 16, (5, 1)),)).chain()
    assert (shape.out_height, shape.out_width, shape.weights) == (124, 1, 16 * 9 * 5)


def test_layers_may_be_listed_in_any_order() -> None:
    assert Network(IMAGE, (DENSE, POOL, CONV)).chain() == Network(IMAGE, (CONV, POOL, DENSE)).chain()


def test_the_graph_names_tensors() -> None:
    graph = Network(IMAGE, (CONV, POOL, DENSE)).graph()
    assert set(graph.edges) == {("input", "conv"), ("conv", "pool"), ("pool", "dense")}


def test_branches_have_a_graph_but_no_chain() -> None:
    other = Layer("other", "dense", ("conv",), 3)
    network = Network(IMAGE, (CONV, POOL, other))
    assert [shape.name for shape in network.shapes()] == ["conv", "pool", "other"]
    with pytest.raises(NetworkError) as caught:
        network.chain()
    assert caught.value.path == ".layers[2].inputs[0]"
    assert "read by both pool and other" in caught.value.problem


@pytest.mark.parametrize(
    ("layers", "path", "problem"),
    [
        ((), ".layers", "no layer"),
        ((CONV, POOL, CONV), ".layers[2].name", "layers[0]"),
        ((CONV, DENSE), ".layers[1].inputs[0]", "names no layer"),
        ((Layer("input", "dense", ("input",), 1),), ".layers[0].name", "network's input"),
        ((Layer("a", "dense", ("b",), 1), Layer("b", "dense", ("a",), 1)), ".layers[0].inputs", "own result"),
        ((Layer("a", "dense", ("a",), 1),), ".layers[0].inputs", "own result"),
    ],
)
def test_graphs_that_mean_nothing(layers: tuple[Layer, ...], path: str, problem: str) -> None:
    with pytest.raises(NetworkError) as caught:
        Network(IMAGE, layers)
    assert caught.value.path == path
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("layer", "path", "problem"),
    [
        (Layer("a", "conv2d", ("input",), 1, (33, 1)), ".layers[0].kernel", "larger than the layer's input"),
        (Layer("a", "conv2d", ("input",), 1, (1, 33)), ".layers[0].kernel", "larger than the layer's input"),
    ],
)
def test_layers_that_do_not_fit(layer: Layer, path: str, problem: str) -> None:
    with pytest.raises(NetworkError) as caught:
        Network(IMAGE, (layer,)).shapes()
    assert caught.value.path == path
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("a", "conv3d", ("input",), 1, (1, 1)), ".kind"),
        (("a", "conv2d", ("input",), 1), ".name"),
        (("a", "conv2d", ("input",), None, (1, 1)), ".name"),
        (("a", "dense", ("input",), 1, (1, 1)), ".kernel"),
        (("a", "global_average_pool", ("input",), 3), ".out_channels"),
        (("a", "conv2d", ("input",), 0, (1, 1)), ".out_channels"),
        (("a", "conv2d", ("input",), True, (1, 1)), ".out_channels"),
        (("a", "conv2d", ("input",), 1, (1, 70_000)), ".kernel[1]"),
        (("a", "conv1d", ("input",), 1, (3, 3)), ".kernel"),
        (("a", "dense", (), 1), ".inputs"),
        (("a", "dense", ("input", "input"), 1), ".inputs"),
    ],
)
def test_layers_that_mean_nothing(arguments: tuple[object, ...], path: str) -> None:
    with pytest.raises(NetworkError) as caught:
        Layer(*arguments)  # type: ignore[arg-type]
    assert caught.value.path == path


@pytest.mark.parametrize("shape", [(0, 1, 1), (1, -1, 1), (1, 1, 65_536), (1, 1.0, 1)])
def test_extents_are_positive_and_16_bit(shape: tuple[int, int, int]) -> None:
    with pytest.raises(NetworkError):
        TensorShape(*shape)


@given(
    st.integers(1, 4),
    st.integers(1, 12),
    st.integers(1, 12),
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=5),
)
def test_a_convolution_counts_as_a_naive_one(
    channels: int, height: int, width: int, convolutions: list[tuple[int, int, int]]
) -> None:
    """Output positions are counted one by one: those at which the whole kernel lies inside the input."""
    layers = tuple(
        Layer(f"l{index}", "conv2d", (f"l{index - 1}" if index else "input",), filters, (kh, kw))
        for index, (filters, kh, kw) in enumerate(convolutions)
    )
    network = Network(TensorShape(channels, height, width), layers)
    for filters, kh, kw in convolutions:
        rows = sum(1 for row in range(height) if row + kh <= height)
        columns = sum(1 for column in range(width) if column + kw <= width)
        if not rows or not columns:
            with pytest.raises(NetworkError):
                network.chain()
            return
        channels, height, width = filters, rows, columns
    last = network.chain()[-1]
    assert (last.out_channels, last.out_height, last.out_width) == (channels, height, width)

"""A few layers and figures copied from the published solutions, enough to pin every formula."""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.compat.platform import Layer, LayerKind, Platform

CONVOLUTION, DENSE, POOL = LayerKind.CONVOLUTION, LayerKind.DENSE, LayerKind.GLOBAL_AVERAGE_POOL

CIFAR_1MF = Platform(0.001, 52.0, 2.99, 2.8, 3.0, 0.55, 2048, 1_000_000)
CIFAR_10MF = Platform(0.01, 22.0, 2.99, 2.8, 3.0, 0.55, 2048, 1_000_000)
KWS_1MF = Platform(0.001, 62.0, 2.99, 2.8, 3.0, 0.685, 2048, 1_000_000)
CIFAR_CONTINUOUS = Platform(0.005, 300.0, 2.99, 2.8, 3.0, 0.55, 2048, 1_000_000)
TINAS_5MF = Platform(0.005, 2800.0, 4.535, 3.29, 5.892, 0.6, 2048, 1_000_000)


@dataclass(frozen=True)
class Printed:
    """A published design of a layer and the figures printed for it (J, s, bytes, power cycles)."""

    layer: Layer
    design: str
    volatile_bytes: int
    latency: float
    energy: float
    cycles_first: int = 0
    cycles_later: int = 0
    peak_energy: float = 0.0
    peak_time: float = 0.0


CIFAR_1MF_TS1 = (
    Printed(
        Layer("CONV_0", CONVOLUTION, 3, 32, 32, 24, 32, 32, 1, 1),
        "1_16_24_1_reuse_O_S1",
        848,
        50.01637166594211,
        0.05269697248299238,
        64,
        128,
        0.0002795437298360981,
        0.10805079112833897,
    ),
    Printed(
        Layer("GAVGPOOL_0", POOL, 16, 16, 16, 16, 1, 1),
        "1_8_16_1_reuse_O_S16",
        768,
        0.48904240837402013,
        0.00048185171838461546,
        2,
        0,
        0.00024092585919230773,
        0.09477800788125039,
    ),
    Printed(
        Layer("FC_END", DENSE, 16, 1, 1, 10, 1, 1),
        "1_1_10_16_reuse_O_S1",
        372,
        0.20405141760574141,
        9.229907843449599e-05,
        1,
        0,
        9.229907843449599e-05,
        0.0723409030079413,
    ),
)

CIFAR_CONTINUOUS_TS1 = (
    Printed(
        Layer("CONV_0", CONVOLUTION, 3, 32, 32, 8, 32, 32, 1, 1),
        "2_32_8_1_reuse_O_S1",
        1168,
        2.3862173601173007,
        0.012762756336587203,
    ),
    Printed(
        Layer("CONV_1", CONVOLUTION, 8, 32, 32, 8, 30, 30, 3, 3),
        "3_5_8_8_reuse_W_S1",
        1952,
        5.616719597206481,
        0.02804579908101087,
    ),
    Printed(
        Layer("CONV_2", CONVOLUTION, 8, 30, 30, 8, 26, 26, 5, 5),
        "1_13_1_8_reuse_I_S1",
        1786,
        12.720119780929721,
        0.06594145288860292,
    ),
    Printed(
        Layer("GAVGPOOL_0", POOL, 16, 18, 18, 16, 1, 1),
        "6_18_8_1_reuse_O_S1",
        1744,
        0.40159570815440215,
        0.0027761541696923082,
    ),
)

TINAS_5MF_LAYERS = (
    Printed(
        Layer("CONV_0", CONVOLUTION, 3, 32, 32, 16, 32, 32, 3, 3),
        "8_8_8_1_reuse_O_S1",
        1368,
        130.99315102299374,
        0.20536925409420756,
        32,
        64,
        0.002149698352611122,
        0.41547525,
    ),
    Printed(
        Layer("BN_1", LayerKind.BATCH_NORM, 16, 32, 32, 16, 32, 32),
        "4_12_16_1_reuse_W_S1",
        1664,
        4.379928772038673,
        0.0054888951045871425,
        24,
        0,
        0.00022870396269113094,
        0.0787089375,
    ),
    Printed(
        Layer("CONV_2", CONVOLUTION, 16, 32, 32, 16, 32, 32, 1, 1),
        "2_12_16_16_reuse_O_S1",
        2048,
        10.679185986577298,
        0.01388634261545473,
        48,
        0,
        0.0002892988044886402,
        0.09128625000000001,
    ),
    Printed(
        Layer("RELU_4", LayerKind.RELU, 16, 32, 32, 16, 32, 32),
        "2_32_16_1_reuse_O_S1",
        2048,
        2.8139653445022756,
        0.0034737630488701713,
        16,
        0,
        0.0002171101905543857,
        0.07733318750000001,
    ),
    Printed(
        Layer("CONV_5", LayerKind.DEPTHWISE, 16, 32, 32, 16, 16, 16, 7, 7, 2),
        "8_16_1_1_reuse_O_S1",
        1908,
        38.76803584520401,
        0.06206147533411793,
        2,
        30,
        0.0019394211041911854,
        0.34780225000000003,
    ),
    Printed(
        Layer("ADD_18", LayerKind.ADD, 4, 16, 16, 4, 16, 16),
        "4_16_4_1_reuse_O_S1",
        1536,
        0.5848565011099602,
        0.0006785350258367729,
        4,
        0,
        0.00016963375645919323,
        0.0691811875,
    ),
    Printed(
        Layer("GAVGPOOL_69", POOL, 12, 2, 2, 12, 1, 1),
        "2_2_12_1_reuse_O_S1",
        120,
        0.09555647549310582,
        8.596362914687441e-05,
        1,
        0,
        8.596362914687441e-05,
        0.0564821875,
    ),
    Printed(
        Layer("FC_END", DENSE, 12, 1, 1, 10, 1, 1),
        "1_1_10_12_reuse_O_S1",
        284,
        0.09840530829588426,
        9.086429163379519e-05,
        1,
        0,
        9.086429163379519e-05,
        0.057105750000000004,
    ),
)

KWS_1MF_TS1 = (
    Printed(
        Layer("FC_0", DENSE, 1, 250, 1, 48, 1, 1, 250, 1),
        "1_1_1_1_reuse_O_S1",
        1002,
        14.624691427061567,
        0.018002016669070375,
        48,
    ),
    Printed(
        Layer("FC_1", DENSE, 48, 1, 1, 128, 1, 1),
        "1_1_1_48_reuse_I_S128",
        448,
        0.2976790399778482,
        0.00035628268149196933,
        1,
    ),
    Printed(
        Layer("FC_2", DENSE, 128, 1, 1, 128, 1, 1),
        "1_1_1_128_reuse_I_S64",
        640,
        0.5952017137103066,
        0.0007229735641449438,
        2,
    ),
    Printed(
        Layer("FC_3", DENSE, 128, 1, 1, 96, 1, 1),
        "1_1_1_128_reuse_I_S48",
        608,
        0.5568809220037032,
        0.0005835557941664001,
        2,
    ),
    Printed(
        Layer("FC_END", DENSE, 96, 1, 1, 12, 1, 1),
        "1_1_1_96_reuse_I_S12",
        408,
        0.22622132950419005,
        0.00012349841933717885,
        1,
    ),
)

KWS_1MF_TS1_TRUE_VOLTAGE = (15.038060255985359, 0.019788327128210863, 54)
"""Latency, energy and power cycles of the designs above under the true-voltage recharge law."""

KEPT_WEIGHTS = Printed(
    Layer("CONV_2", CONVOLUTION, 16, 26, 26, 16, 20, 20, 7, 7),
    "2_2_1_8_reuse_W_S20",
    1968,
    182.18387113655143,
    0.3903026532281698,
    80,
    80,
    0.0024526540688299073,
    0.5050297229012602,
)
"""A layer of a 10 mF network whose weights stay over twenty tiles in each power cycle."""

KEPT_INPUT = Printed(
    Layer("CONV_1", CONVOLUTION, 24, 32, 32, 16, 30, 30, 3, 3),
    "2_5_1_24_reuse_I_S4",
    1856,
    95.73288267809028,
    0.10716426850319138,
    360,
    0,
    0.00029767852361997605,
    0.11059867831322713,
)
"""A layer of a 1 mF network whose input stays over four blocks of output channels in each power cycle."""

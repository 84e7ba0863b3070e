"""The published energy buffer: what a power cycle may use, and how long the capacitor takes to recover.

Charging is from a constant source through a resistance with the load off. The 2021 model measures the voltage left at
the end of a cycle as if the whole unused share (1 - margin) had been spent too, so it recharges that share in every
cycle; the 2025 model counts the margin in the feasibility test only, so the voltage left is the true one.

Both accept a cycle that uses exactly the budget. The 2021 program stops there with an error in its recharge function,
although its own test accepts the design; here the recharge formula is simply evaluated.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ischedule.compat.platform import Platform


def stored_energy(platform: Platform) -> float:
    """Joules between turn-on and brown-out."""
    return float(0.5 * platform.capacitance * (platform.turn_on**2 - platform.brown_out**2))


def cycle_budget(platform: Platform) -> float:
    """Joules that one power cycle may use."""
    return stored_energy(platform) * platform.margin


def recharge_time(
    platform: Platform, energy: npt.NDArray[np.float64], margin_is_spent: bool
) -> npt.NDArray[np.float64]:
    """Seconds until turn-on after a cycle that used `energy`, which the cycle's budget must cover."""
    spendable = cycle_budget(platform) if margin_is_spent else stored_energy(platform)
    left = np.sqrt(2 * (spendable - energy) / platform.capacitance + platform.brown_out**2)
    constant = platform.source_resistance * platform.capacitance
    ratio = (platform.turn_on - platform.source_voltage) / (left - platform.source_voltage)
    return np.asarray(-constant * np.log(ratio), dtype=np.float64)

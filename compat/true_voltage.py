"""Published designs on equal terms: the recharge law of the true voltage, and seconds in seconds.

Comparing a new schedule with a published one is fair only under one recharge law. These are the readings under which
the published iNAS designs are evaluated, for comparison with this project's own plans:

* designs, power cycles and their counts as published (one batch of S full tiles of one layer per cycle, edge tiles
  charged in full, a progress record of 4 words, a reboot in every cycle);
* primitive costs as published, joules and seconds each from their own operation counts (counts that differ between
  the two stay different), except for the slip that read joules as seconds, which is corrected;
* input channels are charged at their own number, odd or even: no padding;
* the margin limits what a cycle may use and nothing else. Every cycle starts at turn-on; after each, the last one
  included, the capacitor recharges from the voltage that is really left, Vend = sqrt(Von^2 - 2 E / C), in
  R C ln((Vs - Vend) / (Vs - Von)).
"""

from __future__ import annotations

from collections.abc import Sequence

from ischedule.compat.exploration import Exploration
from ischedule.compat.explorer import evaluate
from ischedule.compat.platform import Design, Layer, Platform
from ischedule.compat.profile import INAS_2021_CORRECTED


def true_voltage_latency(platform: Platform, layers: Sequence[Layer], designs: Sequence[Design]) -> Exploration:
    """Published iNAS designs, one per layer, evaluated under the readings above."""
    return evaluate(platform, layers, designs, INAS_2021_CORRECTED)

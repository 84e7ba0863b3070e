"""Many designs of a block at once cost what they cost one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models import atoms_array, kernels_array
from ischedule.models.block import Block, block_tilings
from ischedule.models.kernels import Ends, Prices, chain, heaviest_cycle, totals, volatile_bytes
from tests.models.block_strategies import runs
from tests.models.kernel_strategies import prices

NOTHING = Ends((0, 0), (0, 0))


@given(runs().map(lambda found: found[2]), prices(), st.integers(1, 400))
def test_columns_are_the_scalar_model(block: Block, cost: Prices, words: int) -> None:
    volatile = words * cost.word_bytes
    parts = kernels_array.enumerate_designs(0, block, cost, volatile)
    found = [part.tiling(place) for part in parts for place in range(len(part))]
    every = [one for one in block_tilings(0, block) if volatile_bytes(block, one, cost) <= volatile]
    assert sorted(found, key=str) == sorted(every, key=str)
    for part in filter(len, parts):
        designs = [part.tiling(place) for place in range(len(part))]
        drain, time = kernels_array.totals(part, cost)
        assert list(zip(drain.tolist(), time.tolist(), strict=True)) == [totals(block, one, cost) for one in designs]
        heaviest = atoms_array.heaviest_atoms(part, cost).tolist()
        assert heaviest == [heaviest_cycle(block, one, cost, NOTHING) for one in designs]
        chains = atoms_array.chains(part, cost)
        assert chains.length.tolist() == kernels_array.atoms_per_design(part).tolist()
        ((number, energy, again),) = kernels_array.full_atoms(part, cost)
        for place, one in enumerate(designs):
            expected = chain(block, one, cost, NOTHING)
            length = int(chains.length[place])
            assert length == len(expected)
            assert np.diff(chains.drain[place])[:length].tolist() == list(expected.drain)
            assert np.diff(chains.time[place])[:length].tolist() == list(expected.time)
            assert chains.again_drain[place][:length].tolist() == list(expected.resume_drain)
            assert chains.again_time[place][:length].tolist() == list(expected.resume_time)
            assert (chains.drain[place][length:] == chains.drain[place][length]).all()
            alone = [drain + more for drain, more in zip(expected.drain, expected.resume_drain, strict=True)]
            assert sum(int(energy[place]) <= drain for drain in expected.drain) >= number[place]
            assert max(alone) >= energy[place]
            assert again[place] >= energy[place]

"""Tasks in columns: read exactly like a list of the same tasks, quickly, and with one-line complaints."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.cost import Effort
from ischedule.models.errors import InputError
from ischedule.models.quantities import CHARGE, ENERGY, MEMORY, TIME, Dimension, Rounding, parse, to_integer
from ischedule.models.tasks import CutCost, Task, TaskColumns
from ischedule.models.tasks_csv import read_tasks

FREE = Effort(0, 0)
ONE = Effort(1, 2)


def amount(text: str, unit: str, dimension: Dimension) -> int:
    return to_integer(parse(f"{text} {unit}", dimension), dimension, Rounding.UP)


def test_every_column() -> None:
    text = (
        "name,energy [nJ],time [us],volatile [KiB],cut,repeat,"
        "commit_energy [pJ],commit_time [ns],resume_energy [uJ],resume_time [s]\n"
        "sense,1.5,2,0.5,no,1,,,,\n"
        '"filter, twice",3e2, 4 ,,yes,2,5,6,7,8\n'
        "\n"
        "send,0,0,1,,,1,1,1,1\n"
    )
    one = CutCost(Effort(1000, 1000), Effort(10**9, 10**12))
    assert read_tasks(text, "t.csv", ENERGY, None, None) == TaskColumns.expand(
        [
            Task("sense", 1_500_000, 2_000_000, 512, 1, None),
            Task(
                "filter, twice",
                300_000_000,
                4_000_000,
                0,
                2,
                CutCost(Effort(5000, 6000), Effort(7 * 10**9, 8 * 10**12)),
            ),
            Task("send", 0, 0, 1024, 1, one),
        ]
    )


def test_few_columns_with_common_costs() -> None:
    columns = read_tasks("charge [uC],time [ms]\n1,2\n3,4\n", "t.csv", CHARGE, ONE, FREE)
    assert (list(columns.amount), list(columns.time)) == ([10**9, 3 * 10**9], [2 * 10**9, 4 * 10**9])
    assert (list(columns.commit_amount), list(columns.commit_time)) == ([1, 1], [2, 2])
    assert columns.names == ()
    assert columns.name(1) == "task 1"


numbers = st.one_of(
    st.integers(0, 10**6).map(str),
    st.decimals(0, 10**4, allow_nan=False, allow_infinity=False, places=5).map(str),
    st.sampled_from(["1e2", "+7", "0012", "5.", ".5", " 3 ", "2.5e-3", "0.00000000000000000001"]),
)


@given(
    st.sampled_from(["fJ", "pJ", "nJ", "uJ"]),
    st.sampled_from(["ps", "ns", "us", "ms"]),
    st.lists(st.tuples(numbers, numbers, numbers, st.booleans(), st.integers(1, 3)), min_size=1, max_size=8),
)
def test_cells_are_read_as_quantities_and_rounded_up(
    energy: str, duration: str, rows: list[tuple[str, str, str, bool, int]]
) -> None:
    rows = [*rows[:-1], (*rows[-1][:3], True, rows[-1][4])]
    text = f"energy [{energy}],time [{duration}],volatile [B],cut,repeat\n" + "".join(
        f"{e},{t},{v},{int(cut)},{count}\n" for e, t, v, cut, count in rows
    )
    expected = TaskColumns.expand(
        Task(
            f"row {index}",
            amount(e.strip(), energy, ENERGY),
            amount(t.strip(), duration, TIME),
            amount(v.strip(), "B", MEMORY),
            count,
            CutCost(ONE, FREE) if cut else None,
        )
        for index, (e, t, v, cut, count) in enumerate(rows, start=1)
    )
    assert read_tasks(text, "t.csv", ENERGY, ONE, FREE) == expected


HEADER = "energy [nJ],time [us]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.csv: header = missing: the file has no header; name the columns in the first line"),
        (HEADER, "t.csv: tasks = [0 entries]: has no task; add at least one task"),
        ("energy,time [us]\n", 't.csv: header = "energy": has no unit; write for example "energy [uJ]"'),
        ("charge [uC],time [us]\n", 't.csv: header = "charge [uC]": is an unknown column; write one of'),
        (
            "energy [s],time [us]\n",
            't.csv: header = "energy [s]": is a time where an energy belongs; write for example',
        ),
        ("energy [nJ]\n", 't.csv: header = "time": is missing among the columns; add a column such as "time [s]"'),
        (f"{HEADER},cut [B]\n", 't.csv: header = "cut [B]": has a unit and needs none; write "cut"'),
        (f"{HEADER},time [s]\n", 't.csv: header = "time": names two columns; remove one of them'),
        (f"{HEADER}\n1,2\n1,\n", 't.csv: row 2, time = "": is empty; write a number'),
        (f"{HEADER}\n1,2\n1,x\n", 't.csv: row 2, time = "x": is not a time; write a plain decimal number'),
        (f"{HEADER}\n1_0,2\n", 't.csv: row 1, energy = "1_0": is not an energy; write a plain decimal number'),
        (f"{HEADER}\n-1,2\n", 't.csv: row 1, energy = "-1": is negative; write an energy of at least'),
        (f"{HEADER}\n1e30,2\n", 't.csv: row 1, energy = "1e30": is too large; write at most 4.61 kJ'),
        (f"{HEADER}\nnan,2\n", 't.csv: row 1, energy = "nan": is not an energy; write a plain decimal number'),
        (f"{HEADER}\n1 nJ,2\n", 't.csv: row 1, energy = "1 nJ": is not an energy; write a plain decimal number'),
        (f"{HEADER}\n1,2,3\n", 't.csv: row 1 = "1,2,3": has 3 cells where the header has 2; write one cell'),
        (f"{HEADER},cut\n1,2,maybe\n", 't.csv: row 1, cut = "maybe": is neither yes nor no; write 1 or 0'),
        (f"{HEADER},repeat\n1,2,0\n", 't.csv: row 1, repeat = "0": is no count; write an integer from 1 to'),
        (f"{HEADER},repeat\n1,2,{9**40}\n", "t.csv: row 1, repeat = "),
        (f'{HEADER}\n1,"2\n', "t.csv: $ = missing: is not CSV (unexpected end of data); correct the file"),
        (f"{HEADER},cut\n1,2,1\n1,2,0\n", 't.csv: tasks[1].cut = "task 1": is the last task'),
        (f"{HEADER},repeat\n1,2,9999999\n1,2,9999999\n", "t.csv: row 2 = 19999998: brings the number of tasks above"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_tasks(text, "t.csv", ENERGY, ONE, ONE)
    assert str(caught.value).startswith(message)


def test_a_cut_without_a_stated_cost_is_refused() -> None:
    text = f"{HEADER},cut,commit_energy [nJ],commit_time [us],resume_energy [nJ],resume_time [us]\n"
    for row, title in (("1,2,1,,2,3,4", "commit_energy"), ("1,2,1,1,2,3,", "resume_time")):
        with pytest.raises(InputError) as caught:
            read_tasks(f"{text}1,2,0,,,,\n{row}\n", "t.csv", ENERGY, None, None)
        assert str(caught.value).startswith(f"t.csv: row 2, {title} = missing: is stated neither here nor in the case")
    with pytest.raises(InputError, match="row 1, commit_energy"):
        read_tasks(f"{HEADER}\n1,2\n", "t.csv", ENERGY, None, ONE)


def test_columns_longer_than_a_block_keep_their_order() -> None:
    count = 50_001
    text = "energy [nJ],time [us],repeat\n" + "".join(f"{i},{i % 7}.5,{1 + i % 2}\n" for i in range(count))
    columns = read_tasks(text, "t.csv", ENERGY, ONE, ONE)
    assert len(columns) == count + count // 2
    assert columns.amount[-1] == (count - 1) * 10**6
    assert columns.name(len(columns) - 1) == f"row {count}"
    assert sum(columns.amount) == sum(i * (1 + i % 2) for i in range(count)) * 10**6
    assert sum(columns.time) == sum(Fraction(2 * (i % 7) + 1, 2) * (1 + i % 2) for i in range(count)) * 10**6


@pytest.mark.slow
def test_a_million_rows_are_read() -> None:
    random.seed(1)
    rows = "".join(
        f"{random.randint(10_000, 99_999)},{random.randint(100, 9_999)}.25,{random.randint(1, 2_000)},1,17,1,18,1\n"
        for _ in range(100_000)
    )
    ends = "commit_energy [nJ],commit_time [us],resume_energy [nJ],resume_time [us]"
    text = f"{HEADER},volatile [B],cut,{ends}\n{rows * 10}"
    columns = read_tasks(text, "t.csv", ENERGY, None, None)
    assert len(columns) == 1_000_000

"""What can keep every plan from existing, by name."""

from enum import Enum


class Diagnosis(Enum):
    """The name of a bottleneck; each has its own meaning, its own demanded and its own available amount."""

    ATOM_TOO_LARGE = "atom too large"
    BOOT_TOO_LARGE = "boot too large"
    COMMIT_TOO_LARGE = "commit too large at this cut"
    CHARGING_STALL = "charging stall"
    SLEEP_STALL = "sleep stall"
    BOOT_LOOP = "boot loop"
    SERIES_RESISTANCE = "series resistance"
    TURN_ON = "turn-on over-read or droop"
    COLD_START_LOCK_UP = "cold-start lock-up"
    VOLATILE_MEMORY = "volatile memory"
    NONVOLATILE_MEMORY = "non-volatile memory"
    WEAR = "wear"
    TABLE_SIZE = "table size"
    ENERGY_BUDGET = "energy budget"
    WRITE_BUDGET = "write budget"
    CYCLE_BUDGET = "power-cycle budget"
    LIMITS_TOGETHER = "limits together"
    DEADLINE = "deadline"


class Unschedulable(Exception):
    """No plan exists, and this is why: demanded and available in the internal unit that the text names."""

    def __init__(self, diagnosis: Diagnosis, text: str, demanded: int, available: int) -> None:
        self.diagnosis = diagnosis
        self.text = text
        self.demanded = demanded
        self.available = available
        super().__init__(diagnosis, text, demanded, available)

    def __str__(self) -> str:
        return f"{self.diagnosis.value}: {self.text}"

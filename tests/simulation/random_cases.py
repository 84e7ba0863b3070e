"""Random cases of tasks on real capacitors, by seed: all that a case can say of buffer, load, supply and wake."""

from __future__ import annotations

from random import Random
from typing import Any


def random_case(seed: int, feeds_current: bool = False) -> dict[str, Any]:
    """One case, fed by a constant current if so asked; some contradict themselves and are refused."""
    return _Drawn(Random(seed), feeds_current).case(seed)


class _Drawn:
    def __init__(self, random: Random, feeds_current: bool) -> None:
        self.random, self.feeds_current = random, feeds_current
        self.is_regulated = random.random() < 0.25
        self.is_programmable = random.random() < 0.5
        self.word = "charge" if self.is_regulated else "energy"
        self.off = random.uniform(1.8, 2.4)
        self.on = self.off + random.uniform(0.6, 1.3)

    def amount(self, micro: float) -> str:
        return f"{micro:.1f} {'uC' if self.is_regulated else 'uJ'}"

    def load(self, least: float, most: float, volts: float | None = None) -> dict[str, Any]:
        """Milliwatt, or a third of them in milliampere."""
        found: dict[str, Any] = {"power": [f"{least:.2f} mW", f"{most:.2f} mW"]}
        if self.is_regulated:
            found = {"current": [f"{least / 3:.2f} mA", f"{most / 3:.2f} mA"]}
        return found if volts is None else found | {"minimum_voltage": f"{volts:.2f} V"}

    def buffer(self) -> dict[str, Any]:
        random = self.random
        farads = random.uniform(300, 3000)
        found: dict[str, Any] = {
            "turn_on": f"{self.on:.3f} V ± {random.choice([0, 1, 2])} %",
            "brown_out": f"{self.off:.3f} V ± {random.choice([0, 1])} %",
            "clamp": f"{self.on * 1.06:.3f} V",
            "series_resistance": [f"{random.uniform(0, 2):.2f} ohm", f"{random.uniform(2, 12):.2f} ohm"],
            "leakage": random.choice(["0 A", "3 uA", {"current": "2 uA", "resistance": "1 Mohm"}]),
        }
        if random.random() < 0.2:
            found["capacitance_curve"] = [
                {"voltage": "0 V", "capacitance": f"{farads:.0f} uF"},
                {"voltage": "2 V", "capacitance": f"{farads * 0.8:.0f} uF ± 5 %"},
                {"voltage": "6 V", "capacitance": f"{farads * 0.5:.0f} uF"},
            ]
        else:
            found["capacitance"] = f"{farads:.0f} uF ± {random.choice([0, 10, 20])} %"
        if random.random() < 0.4:
            found["decoupling"] = f"{random.uniform(1, 30):.0f} uF"
        if random.random() < 0.4:
            found["redistribution"] = f"{random.uniform(1, 20):.0f} mV"
        return found

    def wake(self) -> dict[str, Any]:
        random = self.random
        mechanism = random.choice(["latch", "latch", "sense", *([] if self.is_programmable else ["burn"])])
        found: dict[str, Any] = {"policy": "fixed", "mechanism": mechanism}
        found["threshold_error"] = random.choice(["0 V", "2 mV", "8 mV"])
        if self.is_programmable:
            found |= {"policy": "programmable", "step": random.choice(["1 mV", "20 mV"])}
            found["power_on"] = f"{self.off + 0.75 * (self.on - self.off):.3f} V"
        if self.is_programmable and mechanism == "latch":
            found["external_comparator"] = True
        if mechanism == "burn":
            found["idle_power"] = "40 mW"
        if mechanism == "sense":
            woken = {self.word: self.amount(2), "time": "1 ms"}
            sleep = {"power": "20 uW", "poll_energy": "0.5 uJ", "poll_period": "40 ms", "wake": woken, "retained": True}
            found["sleep"] = sleep
        return found

    def supply(self) -> dict[str, Any]:
        random = self.random
        if self.feeds_current:
            current = {"kind": "current", "current": f"{random.uniform(0.3, 1.5):.3f} mA ± {random.choice([0, 20])} %"}
            return current | ({"up_to": f"{self.on * 1.1:.3f} V"} if random.random() < 0.5 else {})
        if random.random() < 0.4:
            volts = f"{self.on * random.uniform(1.15, 2.4):.3f} V ± 1 %"
            return {"kind": "source", "voltage": volts, "resistance": f"{random.uniform(200, 1500):.0f} ohm ± 5 %"}
        found: dict[str, Any] = {"kind": "power", "power": ["1 mW", "3 mW"]}
        return found | ({"cold_start": {"below": "1.5 V", "power": "0.3 mW"}} if random.random() < 0.3 else {})

    def tasks(self) -> list[dict[str, Any]]:
        random, found = self.random, []
        count = random.randint(2, 7)
        for place in range(count):
            milliseconds, milliwatt = random.uniform(2, 40), random.uniform(1, 10)
            taken = milliwatt * milliseconds / (3 if self.is_regulated else 1)
            task: dict[str, Any] = {self.word: self.amount(taken), "time": f"{milliseconds:.2f} ms"}
            if random.random() < 0.3:
                most = random.uniform(milliwatt, 60) * 1.01
                task["load"] = self.load(min(1, milliwatt), most, random.choice([None, self.off + 0.1]))
            if place < count - 1 and random.random() < 0.15:
                task["cut"] = False
            found.append(task)
        return found

    def case(self, seed: int) -> dict[str, Any]:
        random = self.random
        found: dict[str, Any] = {
            "ischedule": 1,
            "name": f"random {seed}",
            "boot": {self.word: self.amount(20), "time": "10 ms"},
            "buffer": self.buffer(),
            "power_path": "regulator" if self.is_regulated else "converter",
            "load": self.load(0.2, 14),
            "wake": self.wake(),
            "supply": self.supply(),
            "start": random.choice(["cold", "floor", "charged"]),
            "until": random.choice(["published", "recharged"]),
            "tasks": {
                "commit": {self.word: self.amount(2), "time": "0.5 ms"},
                "resume": {self.word: self.amount(1.5), "time": "0.4 ms"},
                "list": self.tasks(),
            },
        }
        if not self.is_regulated and random.random() < 0.4:
            points = [
                {"power": ["0 W", "4 mW"], "efficiency": "75 %"},
                {"power": ["4 mW", "1 W"], "efficiency": "88 %"},
            ]
            found["converter"] = {"efficiency": points}
        self.gain(found, Random(seed * 31 + 7))
        return found

    def gain(self, case: dict[str, Any], random: Random) -> None:
        """Now and then power is guaranteed while the device runs, sometimes more than some tasks take."""
        if random.random() > 0.35:
            return
        milliwatt = random.uniform(0.05, 1)
        if case["supply"]["kind"] == "source":
            volts, ohms = (float(case["supply"][name].split()[0]) for name in ("voltage", "resistance"))
            ends = (self.off, self.on)
            milliwatt = min(1000 * v * (0.99 * volts - v) / (1.05 * ohms) for v in ends) * random.uniform(0.3, 0.9)
        short = random.choice(["100 %", "90 %"])
        uneven = random.choice(["0 s", "0.5 ms", "3 ms"])
        case["while_running"] = {"power": f"{milliwatt:.4f} mW", "shortest": short, "uneven": uneven}
        for task in case["tasks"]["list"][:-1]:
            if random.random() < 0.3:
                seconds = random.uniform(0.05, 0.8)
                taken = 1000 * seconds * random.uniform(0.05, 0.5)
                task |= {self.word: self.amount(taken / (3 if self.is_regulated else 1)), "time": f"{seconds:.3f} s"}
                task.pop("load", None)

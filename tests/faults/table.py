"""Every fault of the campaign, by group."""

from tests.faults import broken, clock, network, people, processes, storage, wire
from tests.faults.fault import Fault
from tests.faults.pairs import pairs

GROUPS: dict[str, tuple[Fault, ...]] = {
    "Processes": processes.FAULTS,
    "Clocks": clock.FAULTS,
    "Storage": storage.FAULTS,
    "Network": (*network.FAULTS, *wire.FAULTS),
    "Hardware": broken.FAULTS,
    "People": people.FAULTS,
}
PAIRS = pairs(GROUPS)
GROUPS["Pairs"] = PAIRS
FAULTS = {fault.name: fault for group in GROUPS.values() for fault in group}

"""Every fault of the campaign, by group."""

from tests.faults import broken, clock, network, people, processes, storage
from tests.faults.fault import Fault

GROUPS: dict[str, tuple[Fault, ...]] = {
    "Processes": processes.FAULTS,
    "Clocks": clock.FAULTS,
    "Storage": storage.FAULTS,
    "Network": network.FAULTS,
    "Hardware": broken.FAULTS,
    "People": people.FAULTS,
}
FAULTS = {fault.name: fault for group in GROUPS.values() for fault in group}

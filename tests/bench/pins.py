"""Drives pins for Node-RED, as its node for the Pi has a Python program do it: ``PIN LEVEL`` on each line of stdin.

python -m tests.bench.pins PIN...
"""

import sys

from gpiozero import OutputDevice

from tests.witness import WitnessFactory

if __name__ == "__main__":
    factory = WitnessFactory()
    lines = {pin: OutputDevice(int(pin), pin_factory=factory) for pin in sys.argv[1:]}
    for words in map(str.split, iter(sys.stdin.readline, "")):
        lines[words[0]].value = int(words[1])

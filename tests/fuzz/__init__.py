"""Fuzzing of what others hand in: packets to the keeper, MQTT messages, REST bodies, the configuration.

Each of :mod:`tests.fuzz.frames`, :mod:`~tests.fuzz.orders`, :mod:`~tests.fuzz.bodies` and :mod:`~tests.fuzz.settings`
has one ``TARGET``: what has to hold after any input, judged without the product's own readers, and the flaws that it
has to find.
"""

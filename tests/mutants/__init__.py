"""The mutation gate: ``make mutants``; see :mod:`tests.mutants.__main__`."""

"""The units on a real GPIO character device: a Debian under QEMU, with simulated lines. See docs/kernel-tests.md."""

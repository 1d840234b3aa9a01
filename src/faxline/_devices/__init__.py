"""Addresses to devices.

A driver for each scheme (sim.py, class1.py, soft.py) makes a Device of an Address; address.py has both, and
reads the values of options. ports.py finds the serial ports of this machine and the modems behind them. The
table of drivers is one floor up, in device.py.
"""

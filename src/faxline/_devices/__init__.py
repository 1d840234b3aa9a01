"""Which serial ports this machine has, and what modems are behind them.

How an address becomes a device is in device.py.
"""

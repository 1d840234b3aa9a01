"""The C engine as typed Python.

The only modules that touch the compiled extensions. What csrc/faxline.h says, in Python's own types;
nothing here waits for an answer or has a thread. lib.py is the engine, soft_modem.py the optional soft
modem.
"""

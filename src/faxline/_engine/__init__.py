"""The C engine as typed Python.

With _pixels.py the only modules that touch the compiled extensions. What csrc/faxline.h says, in Python's
own types; nothing here waits for an answer or has a thread. engine.py is a channel of C, config.py what it is
opened with, document.py the pages that go in, tables.py what the engine's numbers mean and what there is to
choose from; soft_modem.py is the optional soft modem.
"""

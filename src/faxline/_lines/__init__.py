"""Open lines and their threads: what stands between the engine and the API.

line.py is a channel's line as its threads share it, pump.py carries the engine's events up, stream.py hands
them on to who watches, steps.py is how to wait (on a thread or in asyncio), waiters.py the awaits as the
pump sees them, jobs.py is a fax on the line, offices.py says which lines share a clock. incoming.py is a
call of a simulated far machine, far_pages.py what such a machine received. ptys.py has the simulated modems
on pseudo-terminals: lines that another program drives.
"""

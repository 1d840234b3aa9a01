"""Documents are read in processes of their own: a bomb, or a fault in a library, harms one job.

    pool.py     in our process: hires a worker for a document, keeps it for the next unless it was at fault
    forker.py   the one process that has everything imported, and forks a worker in a few milliseconds
    worker.py   what a worker does: reads files that it is handed open, and answers with coded pages
    wire.py     how questions and answers travel

docs/design.md says why it is so.
"""

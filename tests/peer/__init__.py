"""A Class 1 modem and a far fax machine by script, on a pseudo-terminal: see README.md."""

"""The program's version and the oldest Python it runs on, stated once; this file is read by every Python."""

__version__ = "0.2.0.dev0"
OLDEST_PYTHON = (3, 11)

"""The ``ogive`` command: the library's knowledge in words, tables, curves and JSON.

A room of its own because it alone prints. Each command is a file that asks the rooms below and
shows the answer; nothing is computed here.
"""

from ogive.cli.app import app, main

__all__ = ["app", "main"]

"""Runs the MicroPython unix port that set-up found, with the arguments given."""

import os
import sys

from host_tools.interpreter import InterpreterError, micropython_path

try:
    path = micropython_path()
except InterpreterError as error:
    sys.exit(str(error))
os.execv(path, [str(path), *sys.argv[1:]])

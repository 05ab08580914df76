"""`sluss prove`: every state that the shipped firmware and the circuit can be in, one by one.

Not a model: the modules of firmware/detector run as they stand, under CPython, against the
circuit of the virtual board (host_tools/virtual_board/circuit.py), which is the witness here too.

firmware.py  loads one copy of the shipped modules, or of a changed text (seeded faults)
chip.py      `machine` for that copy: pads on the circuit, and a crash before the n-th change
stand_ins.py what lies outside the product: journal, store, camera, links' wires
layout.py    what of all those objects is state: a tuple of small numbers, relative to now
world.py     the product: restore a state, let one input happen, return the next state
inputs.py    every input that is possible in a state, and the time steps to its deadlines
witness.py   the invariants, checked at each change of the circuit and after each input
claims.py    which invariants a broken circuit still keeps, and why not the others
search.py    breadth-first search over worker processes; bounded, and it says where it stopped
trace.py     the shortest way to a violation, as text and as a script for the virtual board
replay.py    what such a script calls
command.py   the command line

A *state* is a tuple (layout.py). An *input* is a tuple too: a word and its arguments (inputs.py).
"""

"""`sluss prove`: every state that the shipped firmware and the circuit can be in, one by one.

Not a model: the modules of firmware/detector run as they stand, under CPython, against the
circuit of the virtual board (host_tools/virtual_board/circuit.py), which is the witness here too.

firmware.py  loads one copy of the shipped modules, or of a changed text (seeded faults)
chip.py      `machine` for that copy: pads on the circuit
stand_ins.py what lies outside the product: store, camera, console, the links' wires
edges.py     shipped classes at the product's edges, with what lies beyond cut off
anatomy.py   the objects of a detector, and which attributes change at all
layout.py    what of all those objects is state: a tuple of small numbers, relative to now
world.py     the product: restore a state, let something happen, take the next state
answers.py   what a running detector says of itself
inputs.py    every input that is possible in a state, and how it happens
steps.py     the time steps to both sides of every deadline
commands.py  commands as signed messages, and forged ones
eyes.py      what the witness sees of the circuit
witness.py   the invariants, checked at each change of the circuit and after each input
terms.py     what the witness holds the detector to, by its configuration
claims.py    the invariants, and which of them a broken circuit still keeps
escape.py    the way out of every state
parts.py     the situations from which the search begins, and the parts of a run
digest.py    a state as bytes, and the 64 bits that stand for it
crew.py      worker processes
search.py    breadth-first search, bounded, and it says where it stopped
trace.py     the shortest way to a violation, as text and as a script for the virtual board
replay.py    what such a script calls
command.py   the command line

A *state* is a tuple (layout.py). An *input* is a tuple too: a word and its arguments (inputs.py).
"""

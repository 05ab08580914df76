"""Cuts the power at every flash operation of a detector in memory, and adds up what was found."""

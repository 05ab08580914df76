"""Reads and checks a detector's journal, away from the detector."""

"""Many boards in one run: each a bench of its own, side by side, with one joint report."""

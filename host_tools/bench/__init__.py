"""The conformance bench: a target, a witness outside the firmware, a record and a report."""

"""The detector's console from the host's side."""

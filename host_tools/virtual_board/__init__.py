"""The virtual board: circuit, camera, flash, clock and watchdog around a MicroPython process."""

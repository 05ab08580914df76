"""Start the detector, or the service program when the service jumper is in."""

from detector import app

app.main()

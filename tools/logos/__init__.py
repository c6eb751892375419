"""Nothing here but `python -m tools.logos`."""

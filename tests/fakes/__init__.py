"""Fakes: each takes the same exam as the real thing, in tests/contracts."""

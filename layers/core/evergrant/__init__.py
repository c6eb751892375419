"""Evergrant: keeps the credentials that a product's users give it for other apps."""

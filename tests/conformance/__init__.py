"""A provider that plays every quirk of the catalogue's vocabulary, and each app driven through it."""

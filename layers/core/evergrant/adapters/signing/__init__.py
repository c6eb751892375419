"""Ways that sign each request."""

"""The commands that make the README's figures: counts, or ratios of things run side by side."""

"""What the README says of renewals, shown."""

"""What the README says of notifications, shown."""

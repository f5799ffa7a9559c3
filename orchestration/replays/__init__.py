"""Running the law again over what is stored, and saying what differs."""

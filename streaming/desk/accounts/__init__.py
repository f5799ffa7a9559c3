"""People, machines and what they may do at the desk."""

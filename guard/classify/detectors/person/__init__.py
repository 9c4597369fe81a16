"""What describes a person, in words."""

"""What a change of the rules changes: a diff over every cell of a space, and a replay of recorded decisions."""

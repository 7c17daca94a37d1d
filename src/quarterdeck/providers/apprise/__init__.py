"""What Apprise reaches: each delivery is a process of its own, with a guard in it."""

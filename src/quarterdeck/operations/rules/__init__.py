"""Alert rules as data: what must hold of the numbers before somebody is told."""

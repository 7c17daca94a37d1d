"""The epoch: a number that every change of access moves."""

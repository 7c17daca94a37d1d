"""How what is told gets out: each until it is taken, none held up by another."""

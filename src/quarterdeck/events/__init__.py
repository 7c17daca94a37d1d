"""Past-tense facts: the only words the contexts share."""

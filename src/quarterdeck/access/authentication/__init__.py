"""Who is it? From a secret that was shown to an actor with grants."""

"""What is done with rules: written, looked at, evaluated, tried, carried in and out."""

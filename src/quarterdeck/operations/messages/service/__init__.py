"""What is told the outside world: posted, sent, looked at, mended."""

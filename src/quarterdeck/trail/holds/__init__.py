"""Legal holds: what they cover is neither purged nor erased."""

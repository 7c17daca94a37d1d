"""Is a log complete and unaltered, and whose is it?"""

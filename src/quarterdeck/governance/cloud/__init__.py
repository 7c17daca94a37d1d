"""The cloud, as every feature of the estate sees it."""

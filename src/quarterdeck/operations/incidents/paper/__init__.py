"""An incident's report on paper: the Markdown document as PDF."""

"""Erasure of a subject's data (GDPR, article 17): its keys are destroyed, every proof holds."""

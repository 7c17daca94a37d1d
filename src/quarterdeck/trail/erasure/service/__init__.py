"""What people do with erasures, and the one step that erases."""

"""What people do with status pages, and what strangers see of them."""

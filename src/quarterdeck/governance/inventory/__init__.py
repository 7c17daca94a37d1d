"""Resources, as the cloud last reported them."""

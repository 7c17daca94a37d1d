"""What people ask about costs, and how readings and files reach the ledger."""

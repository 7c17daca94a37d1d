"""The columns of a file of costs: one row a line of the ledger, day and basis."""

from quarterdeck.governance.costs.model import Entry
from quarterdeck.kernel.tabular import Columns

COLUMNS: Columns[Entry] = {
    "date": lambda entry: entry.day,
    "tenant": lambda entry: entry.tenant,
    "subscription": lambda entry: entry.scope,
    "service": lambda entry: entry.label,
    "resource_group": lambda entry: entry.group,
    "basis": lambda entry: entry.basis,
    "amount": lambda entry: entry.amount.amount,
    "currency": lambda entry: entry.amount.currency,
    "observed_at": lambda entry: entry.observed_at,
}

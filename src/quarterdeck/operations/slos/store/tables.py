"""The tables of SLOs."""

from sqlalchemy import BigInteger, Column, Double, Integer, String, Table, Text

from quarterdeck.kernel.db import metadata

objects = Table(
    "operations_slo_object",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)

measures = Table(
    "operations_slo_measure",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("measure", String, primary_key=True),
    Column("slo", String, nullable=False),
    Column("counted_to", BigInteger, nullable=False),
)

slices = Table(
    "operations_slo_slice",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("measure", String, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),  # its end
    Column("good", Double, nullable=False),
    Column("total", Double, nullable=False),
    Column("share", Double, nullable=False),
    Column("known", Integer, nullable=False),
    Column("met", Integer, nullable=False),
    # In maintenance: it is in the row so that it need not be worked out again.
    Column("excluded", Integer, nullable=False),
)

standings = Table(
    "operations_slo_standing",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("slo", String, primary_key=True),
    Column("objective", String, primary_key=True),
    Column("found", Text, nullable=False),
)

crossings = Table(
    "operations_slo_crossing",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("slo", String, primary_key=True),
    Column("objective", String, primary_key=True),
    Column("what", String, primary_key=True),
    Column("since", BigInteger, nullable=False),
)

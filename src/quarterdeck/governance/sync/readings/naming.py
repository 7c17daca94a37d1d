"""Reads what people call the policies, sets and assignments that states point to by id.

Names are no part of what is known to be so: where one may not be read, or the cloud is in
trouble, the id stands in its place, and the next run asks again.
"""

from collections.abc import Sequence

from quarterdeck.governance.cloud.ports import Cloud, CloudFailure, Denied, FailureClass
from quarterdeck.governance.compliance.model.item import UnreadableItem
from quarterdeck.governance.compliance.model.names import Title, title_of
from quarterdeck.governance.compliance.service import naming
from quarterdeck.governance.connections.model import Connection
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read

A_CHUNK = 50


def name_policies(run: Run, connection: Connection, cloud: Cloud) -> None:
    """Ask for every name that is not known, or known for long; keep them by the chunk."""
    with read(run.engine, run.actor, run.clock) as work:
        wanted = naming.unnamed(work, run.tenants, connection.id)
    for first in range(0, len(wanted), A_CHUNK):
        chunk = wanted[first : first + A_CHUNK]
        found = _asked(run, cloud, chunk)
        with run.work() as work:
            naming.name(work, connection.tenant, found)
        if len(found) < len(chunk):
            return


def _asked(run: Run, cloud: Cloud, ids: Sequence[str]) -> list[Title]:
    # Those of ``ids`` before the cloud fell into trouble.
    found: list[Title] = []
    for cloud_id in ids:
        run.check()
        try:
            title = title_of(cloud.policy_definition(cloud_id).items)
        except (Denied, UnreadableItem):
            title = ""
        except CloudFailure as failure:
            if failure.kind is not FailureClass.DATA:
                break
            title = ""  # what cannot be read of one says nothing of the next
        found.append(Title(id=cloud_id, title=title))
    return found

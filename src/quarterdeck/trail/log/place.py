"""Where a journal may lie: on a disk of this machine."""

import os
from pathlib import Path

from quarterdeck.kernel.installation import UnusableDirectory

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"})


def refuse_network(folder: Path) -> None:
    """Raise UnusableDirectory where locks and syncs cannot be trusted."""
    kind = file_system(folder)
    if is_network(kind):
        raise UnusableDirectory(
            f"{folder} is on a network file system ({kind}): use a local disk, or PostgreSQL"
        )


def file_system(folder: Path) -> str:
    """The kind of file system that ``folder`` is on; "" where this machine does not tell."""
    mounts = Path("/proc/self/mountinfo")
    if not mounts.exists():
        return ""
    device = folder.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.read_text().splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted:
            return after.split()[0]
    return ""


def is_network(kind: str) -> bool:
    """Whether a file system of this kind may be shared with other machines."""
    return kind in NETWORK or kind.startswith("fuse.")

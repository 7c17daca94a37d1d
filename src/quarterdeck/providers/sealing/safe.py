"""A safe for secrets of channels: sealed with a key of their tenant, for the place they stand."""

from base64 import b64decode, b64encode

from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.operations.channels.ports import SecretLost
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import Unsealable, seal, unseal

USE = "channel secrets v1"


class KeySafe:
    """The port ``Safe``, over the keys of the installation."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def seal(self, tenant: str, name: str, secret: str) -> str:
        """As the port says."""
        self._keys.begin(tenant)
        key = self._keys.derived(tenant, USE)
        return b64encode(seal(key, secret.encode(), tenant, name)).decode()

    def open(self, tenant: str, name: str, sealed: str) -> str:
        """As the port says."""
        try:
            key = self._keys.derived(tenant, USE)
            return unseal(key, b64decode(sealed), tenant, name).decode()
        except (Unsealable, QuarterdeckError) as error:
            raise SecretLost(f"the secret of channel {name} cannot be opened: {error}") from error

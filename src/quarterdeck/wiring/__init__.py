"""Settings to adapters: the only package that names them all."""

from quarterdeck.wiring.assembling import build_runtime
from quarterdeck.wiring.kms import kms_of
from quarterdeck.wiring.serving import migrate, serve, simulate

__all__ = ["build_runtime", "kms_of", "migrate", "serve", "simulate"]

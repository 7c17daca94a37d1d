"""Merkle trees and their proofs; standard library only."""

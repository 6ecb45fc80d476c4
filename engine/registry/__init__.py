"""Registers: lists that are declared as data, published only by processes, versioned in time."""

from engine.registry.changes import compared, in_words
from engine.registry.columns import Column, InvalidRegister
from engine.registry.declaration import Register, in_force, read_register
from engine.registry.lookup import Version, as_context, everywhere, find, has_published, listed, names, of_office
from engine.registry.publishing import STATE, Publication, publish

__all__ = [
    "STATE",
    "Column",
    "InvalidRegister",
    "Publication",
    "Register",
    "Version",
    "as_context",
    "compared",
    "everywhere",
    "find",
    "has_published",
    "in_force",
    "in_words",
    "listed",
    "names",
    "of_office",
    "publish",
    "read_register",
]

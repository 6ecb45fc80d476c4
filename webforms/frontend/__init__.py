"""What a maintainer needs to renew the vendored browser files; nothing here runs in an office."""

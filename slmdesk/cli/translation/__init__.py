"""`slmdesk translate`, `glossary`, `memory`."""

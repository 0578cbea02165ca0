"""The commands `slmdesk translate`, `slmdesk glossary` and `slmdesk memory`."""

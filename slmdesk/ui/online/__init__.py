"""The windows and pages for the network: its settings and log, downloads, and the Hub."""

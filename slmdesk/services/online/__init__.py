"""What may go to the network: the log of requests, the Hub, downloads."""

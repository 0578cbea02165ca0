"""Everything that uses the network: the network log, the Hub and downloads."""

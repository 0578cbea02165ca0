"""Work on documents: a file for each task; what all of them share in `shape`, `report`, `service` and `export`."""

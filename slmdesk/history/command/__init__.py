"""`slmdesk history`, `backup`, `restore`, `retention`, `delete-everything`."""

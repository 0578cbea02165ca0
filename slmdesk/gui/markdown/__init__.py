"""Safe Markdown for foreign text: no HTML, no images, links that ask, and never longer than a given time."""

"""Safe display of Markdown from untrusted text: no HTML, no images, links that ask first, and a time limit."""

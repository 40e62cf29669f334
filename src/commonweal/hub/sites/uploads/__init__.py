"""Uploading by browser: resumable, many gigabytes, a folder at a time."""

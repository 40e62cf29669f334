"""What becomes of a folder, from the first file in the drop area to its retraction."""

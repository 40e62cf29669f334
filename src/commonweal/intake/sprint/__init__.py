"""The data sprint: weekly goals, the score of concept mapping, and the board of all sites."""

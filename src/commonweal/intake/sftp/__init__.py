"""The SFTP drop: each site sees its own drop area and nothing else."""

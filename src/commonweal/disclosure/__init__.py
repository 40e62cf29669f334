"""What may be said in public about how many people there are; pure functions, nothing else."""

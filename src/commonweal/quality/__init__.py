"""What can be measured on any OMOP data: metrics, and how completely columns are filled."""

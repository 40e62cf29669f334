"""What can be measured on any OMOP data; so far how completely its columns are filled."""

"""The programme's side of made-up people: one module for each feed."""

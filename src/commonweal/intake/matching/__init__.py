"""Who the persons of a submission are: the roster, the comparison of identities, consent."""

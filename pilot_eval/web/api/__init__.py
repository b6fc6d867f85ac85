"""`/api/v1`: the operations of the pages for programs, and for phones that record without a connection."""

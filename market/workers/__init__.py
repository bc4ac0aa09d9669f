"""Social workers, certificates, postings."""

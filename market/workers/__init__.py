"""Social workers of organisations: certificates, learning, supervision, postings to projects, growth cards."""

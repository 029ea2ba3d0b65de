"""What `evenhand up` embeds and supervises: PostgreSQL, Valkey, the language model's server, and our own
processes.
"""

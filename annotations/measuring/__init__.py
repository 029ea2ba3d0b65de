"""How much the annotators of a project agree: counted in the database, computed by ``annotations.agreement``."""

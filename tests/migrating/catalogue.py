"""What PostgreSQL's catalogue says of a database, in words that two databases can share: no numbers of objects."""

from __future__ import annotations

from typing import Any

from django.db import connection

OURS = "nspname = 'public'"
QUERIES = {
    "tables": f"""
        SELECT c.relname, c.relkind, c.relpersistence, c.relreplident, c.relrowsecurity, c.reloptions,
               a.amname, obj_description(c.oid, 'pg_class'), pg_get_partkeydef(c.oid),
               pg_get_expr(c.relpartbound, c.oid), h.inhparent::regclass::text,
               CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END, t.reloptions
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam
             LEFT JOIN pg_inherits h ON h.inhrelid = c.oid LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
        WHERE {OURS}
    """,
    "columns": f"""
        SELECT c.relname, t.attname, format_type(t.atttypid, t.atttypmod), t.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), t.attidentity, t.attgenerated, t.attcollation::regcollation::text,
               t.attstorage, t.attcompression, t.attstattarget, t.attoptions, col_description(c.oid, t.attnum)
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = t.attnum
        WHERE {OURS} AND c.relkind IN ('r', 'p', 'v', 'm') AND t.attnum > 0 AND NOT t.attisdropped
    """,
    "constraints": f"""
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(o.oid), contype, condeferrable, condeferred,
               convalidated, conislocal, connoinherit, obj_description(o.oid, 'pg_constraint')
        FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace WHERE {OURS}
    """,
    "indexes": f"""
        SELECT pg_get_indexdef(i.indexrelid), i.indisunique, i.indisprimary, i.indisvalid, i.indisclustered,
               i.indisreplident, i.indnullsnotdistinct, obj_description(i.indexrelid, 'pg_class')
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OURS}
    """,
    "triggers": f"""
        SELECT c.relname, pg_get_triggerdef(t.oid), t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND NOT t.tgisinternal
    """,
    "functions": f"""
        SELECT pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc')
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS} AND p.prokind IN ('f', 'p')
    """,
    "sequences": f"""
        SELECT c.relname, s.seqtypid::regtype::text, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache,
               s.seqcycle, d.refobjid::regclass::text, t.attname
        FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_depend d ON d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
             LEFT JOIN pg_attribute t ON t.attrelid = d.refobjid AND t.attnum = d.refobjsubid
        WHERE {OURS}
    """,
    "types": f"""
        SELECT t.typname, t.typtype, format_type(t.typbasetype, t.typtypmod), t.typdefault,
               (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {OURS} AND t.typtype IN ('d', 'e', 'r')
    """,
    "collations": f"SELECT collname, collprovider FROM pg_collation JOIN pg_namespace n ON n.oid = collnamespace"
    f" WHERE {OURS}",
    "statistics": "SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext",
    "policies": "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies",
    "rules": "SELECT tablename, rulename, definition FROM pg_rules WHERE schemaname = 'public'",
    "extensions": "SELECT extname FROM pg_extension",
    "settings": "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
    " WHERE d.datname = current_database()",
    "content types": "SELECT app_label, model FROM django_content_type",
    "permissions": "SELECT app_label, model, codename, name FROM auth_permission p"
    " JOIN django_content_type t ON t.id = p.content_type_id",
}


def catalogue() -> dict[str, list[tuple[Any, ...]]]:
    """What the connected database consists of, by kind, sorted: the order of columns in a table is no part of it."""
    found = {}
    with connection.cursor() as cursor:
        for kind, query in QUERIES.items():
            cursor.execute(query)
            found[kind] = sorted(cursor.fetchall(), key=repr)
    return found

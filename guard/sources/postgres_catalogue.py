"""What guard asks PostgreSQL's catalogue. System schemas are left out."""

from __future__ import annotations

USER_SCHEMAS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'"
RELATION_KINDS = "'r', 'p', 'v', 'm', 'f'"

RELATIONS = f"""
SELECT c.oid::bigint, n.nspname, c.relname, c.relkind::text, c.relispartition,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END,
       coalesce(obj_description(c.oid, 'pg_class'), ''),
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE '' END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ({RELATION_KINDS}) AND {USER_SCHEMAS}
ORDER BY n.nspname, c.relname
"""

COLUMNS = f"""
SELECT a.attrelid::bigint, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       coalesce(col_description(a.attrelid, a.attnum), '')
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ({RELATION_KINDS}) AND {USER_SCHEMAS} AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

# Content, not statistics: ANALYZE and VACUUM leave it as it is, ALTER and CREATE OR REPLACE VIEW do not.
VERSION = f"""
WITH relation AS (
    SELECT c.oid, c.relname, c.relnamespace, c.relkind, n.nspname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ({RELATION_KINDS}) AND {USER_SCHEMAS}
)
SELECT md5(concat_ws('/',
    (SELECT sum(hashtextextended(concat_ws('/', oid, nspname, relname, relkind), 0)) FROM relation),
    (SELECT sum(hashtextextended(concat_ws('/', attrelid, attnum, attname, atttypid, atttypmod, attnotnull), 1))
     FROM pg_catalog.pg_attribute JOIN relation ON oid = attrelid WHERE attnum > 0 AND NOT attisdropped),
    (SELECT sum(hashtextextended(concat_ws('/', ev_class, r.xmin), 2))
     FROM pg_catalog.pg_rewrite r JOIN relation ON relation.oid = ev_class)))
"""

# The tables that a partition or a child hangs under, to the top.
ANCESTORS = """
WITH RECURSIVE up(parent) AS (
    SELECT i.inhparent FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2
    UNION
    SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.parent
)
SELECT c.relname, n.nspname FROM up JOIN pg_catalog.pg_class c ON c.oid = parent
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
"""

# Rows as the planner reckons them: the density at the last ANALYZE times the pages of now.
SIZE = """
SELECT c.relkind::text,
       coalesce(sum(pg_relation_size(p.oid)), 0)::bigint,
       coalesce(sum(greatest(p.reltuples, 0)), 0)::float8,
       coalesce(sum(p.relpages), 0)::bigint
FROM pg_catalog.pg_class c
LEFT JOIN LATERAL (
    SELECT l.* FROM pg_catalog.pg_class l
    WHERE l.oid = c.oid OR (c.relkind = 'p' AND l.oid IN (SELECT relid FROM pg_partition_tree(c.oid)))
) p ON p.relkind IN ('r', 'm')
WHERE c.oid = $1
GROUP BY c.relkind
"""

# What moves when rows change. The file node changes with TRUNCATE and every rewrite, the size at once; rows changed in
# place only move the counters, which a session hands in up to a minute after its commit. A crash of the server forgets
# them and stamps the time of that. A parent is as its children are, a foreign child lets nothing be told.
MARKS = f"""
WITH RECURSIVE root AS (
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND {USER_SCHEMAS}
), tree(root, member) AS (
    SELECT oid, oid FROM root
    UNION
    SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.member
)
SELECT t.root::bigint, md5(concat_ws('/', pg_stat_get_bgwriter_stat_reset_time(),
    pg_stat_get_db_stat_reset_time((SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())),
    string_agg(concat_ws(',', c.oid, c.relfilenode, pg_relation_size(c.oid), pg_stat_get_tuples_inserted(c.oid),
        pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid)), ';' ORDER BY c.oid)))
FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.member
WHERE current_setting('track_counts') = 'on'
GROUP BY t.root
HAVING bool_and(c.relkind IN ('r', 'p', 'm'))
"""

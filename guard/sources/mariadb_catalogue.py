"""What guard asks of MariaDB's catalogue. Only the database of the URL is asked about; sequences and invisible
columns are left out."""

from __future__ import annotations

USER_SCHEMAS = "table_schema = DATABASE()"
KINDS = "table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW')"

RELATIONS = f"""
SELECT t.table_schema, t.table_name, t.table_type, t.table_rows, t.create_time, t.engine,
       t.table_comment, v.view_definition
FROM information_schema.tables AS t
LEFT JOIN information_schema.views AS v ON v.table_schema = t.table_schema AND v.table_name = t.table_name
WHERE t.{USER_SCHEMAS} AND t.{KINDS}
ORDER BY t.table_schema, t.table_name
"""

# A star does not show an invisible column, so guard does not know it either: naming it is refused.
COLUMNS = f"""
SELECT table_schema, table_name, column_name, column_type, is_nullable, column_comment
FROM information_schema.columns
WHERE {USER_SCHEMAS} AND extra NOT LIKE '%INVISIBLE%'
ORDER BY table_schema, table_name, ordinal_position
"""

# Needs the PROCESS right; InnoDB gives a table that was made anew another number.
TABLE_IDS = "SELECT name, table_id FROM information_schema.innodb_sys_tables"

KEYS = """
SELECT s.column_name, c.data_type
FROM information_schema.statistics AS s
JOIN information_schema.columns AS c
  ON c.table_schema = s.table_schema AND c.table_name = s.table_name AND c.column_name = s.column_name
WHERE s.table_schema = %(schema)s AND s.table_name = %(name)s AND s.index_name = 'PRIMARY'
ORDER BY s.seq_in_index
"""

SIZE = """
SELECT data_length FROM information_schema.tables WHERE table_schema = %(schema)s AND table_name = %(name)s
"""

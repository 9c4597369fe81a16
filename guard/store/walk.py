"""The recursive SQL that walks the column graph in the store, up and down, now or at a past moment.

Bound values: `start` (a field), `depth`, `edges` (the most that are answered) and, for the past, `time`.
Columns of an answer: the edge's two ends, type, subtype, masking, its number, and how far it is.
"""

from __future__ import annotations

EDGE = "sd.namespace, sd.name, sf.path, td.namespace, td.name, tf.path, e.type, e.subtype, e.masking"
ENDS = """
    JOIN field sf ON sf.id = e.source_id JOIN dataset sd ON sd.id = sf.dataset_id
    JOIN field tf ON tf.id = e.target_id JOIN dataset td ON td.id = tf.dataset_id
"""
_KNOWN = """ AND EXISTS (SELECT 1 FROM edge_set_edge x JOIN edge_set s ON s.digest = x.digest
                        WHERE x.edge_id = e.id AND s.kept <= :time)"""


def upstream(*, past: bool) -> str:
    """Backwards: an edge leads to a field when it ends in it, or in the `*` of its dataset."""
    known = _KNOWN if past else ""
    return f"""
WITH RECURSIVE reached(field_id, depth) AS (
    SELECT CAST(:start AS BIGINT), 0
    UNION
    SELECT e.source_id, r.depth + 1
    FROM reached r
    JOIN field f ON f.id = r.field_id
    JOIN field t ON t.dataset_id = f.dataset_id AND t.path IN (f.path, '*')
    JOIN edge e ON e.target_id = t.id
    WHERE r.depth < :depth{known}
), nearest AS (SELECT field_id, min(depth) AS depth FROM reached GROUP BY field_id)
SELECT {EDGE}, e.id, n.depth + 1
FROM nearest n
JOIN field f ON f.id = n.field_id
JOIN field t ON t.dataset_id = f.dataset_id AND t.path IN (f.path, '*')
JOIN edge e ON e.target_id = t.id
{ENDS}
WHERE n.depth < :depth{known}
LIMIT :edges
"""


def downstream(*, past: bool) -> str:
    """Forwards: whoever reaches the `*` of a dataset reaches all its fields."""
    known = _KNOWN if past else ""
    return f"""
WITH RECURSIVE reached(field_id, depth) AS (
    SELECT CAST(:start AS BIGINT), 0
    UNION
    SELECT s.id, r.depth + 1
    FROM reached r
    JOIN edge e ON e.source_id = r.field_id
    JOIN field t ON t.id = e.target_id
    JOIN field s ON s.dataset_id = t.dataset_id AND (t.path = '*' OR s.path = t.path)
    WHERE r.depth < :depth{known}
), nearest AS (SELECT field_id, min(depth) AS depth FROM reached GROUP BY field_id)
SELECT {EDGE}, e.id, n.depth + 1
FROM nearest n
JOIN edge e ON e.source_id = n.field_id
{ENDS}
WHERE n.depth < :depth{known}
LIMIT :edges
"""

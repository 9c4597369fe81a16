"""guard inside a program: scan a table, ask as somebody, print what that person may see.

python examples/embedded.py
"""

import tempfile

import pyarrow as pa

import guard

hotline = pa.table(
    {
        "xm": ["王小明", "李芳", "陈敏雨"],
        "mobile": ["13800001234", "13911112345", "18738646352"],
        "minutes": [3, 12, 7],
    }
)
agent = guard.Subject("xiao-zhou", roles=("call_center",))
tables = {"hotline": hotline}

with tempfile.TemporaryDirectory() as folder, guard.open(folder=folder) as g:
    for field in g.scan(tables).sensitive:
        print(f"{field.field.path}: {field.label.kind}, level {field.label.level}")
    result = g.query("SELECT xm, mobile FROM hotline LIMIT 1", subject=agent, purpose="service", source=tables)
    print(result.table.to_pylist())
    print(f"entry {result.entry} of {g.audit.verify().size} in a verified log")

package guard.lib.tables_test

import data.guard.lib.tables

test_same_name if tables.named("residents", "residents")

test_bare_name_in_any_schema if tables.named("public.residents", "residents")

test_schema_and_name if tables.named("city.public.residents", "public.residents")

test_another_schema if not tables.named("audit.residents", "public.residents")

test_a_longer_name_is_another_table if not tables.named("public.old_residents", "residents")

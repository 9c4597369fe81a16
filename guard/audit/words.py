"""The words that entries are packed with in proofs (`guard.audit.compact`): one dictionary for each packed form.

INVARIANT: frozen, each of them. Bundles that were handed out need them to the byte; other words are another form. They
are printed in `docs/reference/proof-format.md`, and stand as files in `examples/proof-words/`. A test holds all three
together.

A dictionary holds the members of entries in canonical order with the words of their values: guard's own kinds, rules
and masks, and SQL as guard normalises it. What is most frequent stands last, where deflate reaches it most cheaply.
"""

from __future__ import annotations

FIRST = (
    b'unclassified_column:unparsed_sql:deny"},"kind":"decisionscan" UNION ALL SELECT DISTINCT CASE WHEN  THEN  ELSE '
    b" END COALESCE(EXISTS( HAVING MAX(MIN(AVG( OVER (PARTITION BY WITH  IN (?, ? LIKE ? OR SUM(COUNT(*) AS  LEFT "
    b"JOIN  ON  WHERE  = ? AND  > ? GROUP BY  ORDER BY  DESC LIMIT ?:join+filter+group+order+output:aggregate"
    b'","output.MinimumGroup:row_filter:rows.by_regionperson.name=intl.finance.health.cn./2/4/3/raw","mask:name:redact'
    b':partial:masking.by_kind","kind":"query","time":"202Z","v":1}{"actor":"s-","body":{"columns":[":output",'
    b'"decision":"d-","determined_by":["access.role_for_purpose"],"edges":"","engine":"embedded","errored":[],'
    b'"fingerprint":"v1:","gaps":[],"labels":[],"obligations":["mask:main."MaxRows:output.max_rows"],"outcome":"allow"'
    b',"purpose":"","revision":"sha256:","source":"duckdb:///postgresql://","sql":"SELECT  FROM ","tables":["public.'
    b'main."],"who":{"commitment":"=","sealed":"A="}},"kind":"query","time":"'
)

# Bytes 1 and 2 stand for what was taken out: 1 for hex digits, 2 for base64, each with a count of bytes behind it.
SECOND = (
    b'"action":"reidentify","act":"rotate","key_purpose":"","kind":"","transform":"ff1","values":"job":"a-\x01\x0a",'
    b'"target":"rows":"fields":{"keys":{"digest":"\x01\x20","row":"rho":"","fresh":true,"epsilon":"1","delta":"1e-7"'
    b',"fields":0,"kinds":{},"rules_version":"\x01\x08","sample":1000,"scan":"\x01\x08","seed":0,"skipped":[],'
    b'"source":"sqlite:///.parquet.csv","state":"begun","tables":["state":"done","tables":["'
    b"unsupported_statement:unsupported_syntax:unreviewed_function:ambiguous_column:unknown_column:unknown_table:"
    b'unparsed_sql:unclassified_column:"outcome":"deny"},"kind":"budget},"kind":"reidentification},"kind":"anonymize},'
    b'"kind":"decision},"kind":"scan","time":"access.unclassified_column","access.secret_level","access.credentials",'
    b'"access.beyond_reach","output.many_identifiers","output.statistics_only","DifferentialPrivacy:'
    b'output.differential_privacy","MinimumGroup:output.statistics_only"subject_request","audit","treatment","statistics",'
    b'"fraud_review","=cn.uscc/1/raw","=cn.postcode/2/raw","=cn.region/2/raw","=intl.ipv4/2/raw","=intl.mac/2/raw",'
    b'"=cn.plate/2/raw","=person.age/2/raw","=person.sex/3/raw","=person.occupation/2/raw","=person.account_name/2/raw"'
    b',"=person.education/2/raw","=cn.wechat/3/raw","=intl.imei/3/raw","=cn.passport/3/raw","=intl.credit_card/3/raw",'
    b'"=intl.iban/3/raw","=finance.account/3/raw","=finance.income/3/raw","=finance.credit/3/raw",'
    b'"=health.medication/4/raw","=health.record_number/4/raw","=health.insurance_number/3/raw",'
    b'"=health.measurement/4/raw","=secret.password/4/raw","=person.name_en/3/raw","=person.address_en/3/raw",'
    b'"=intl.phone/3/raw","=us.ssn/3/raw","=person.free_text/3/raw","=intl.email/3/raw","=person.address_zh/3/raw",'
    b'"=health.icd10/4/raw","=health.diagnosis/4/raw","=finance.balance/3/raw","=cn.bank_card/3/raw",'
    b'"=intl.date_of_birth/3/raw","=cn.mobile/3/raw","=person.name_zh/3/raw","=cn.resident_id/3/raw",'
    b'"/pseudonymised","/generalised","/masked","'
    b" INTERSECT  EXCEPT  UNION ALL SELECT DISTINCT  NOT BETWEEN ? AND ? NOT EXISTS(SELECT ? FROM CAST(? AS TIMESTAMP)"
    b" EXTRACT(YEAR FROM  + INTERVAL '?' MONTH DATE_TRUNC(?, SUBSTRING(COALESCE(NULLIF(ROUND(UPPER(CONCAT("
    b"CASE WHEN  THEN ? ELSE ? END ROW_NUMBER() OVER (PARTITION BY RANK() OVER (PARTITION BY  NULLS LAST "
    b" IS NOT NULL AND  IS NULL IN (?, ?, ?) LIKE ? OR HAVING COUNT(*) > ? WITH  AS (SELECT MIN(MAX(AVG(SUM("
    b"COUNT(DISTINCT COUNT(*) AS n, total FROM  AS a LEFT JOIN  AS b ON a.id = b.id JOIN  AS c ON  USING ()"
    b" GROUP BY  HAVING  WHERE  = ? AND  >= CAST(? AS DATE) AND  <= ? AND  < ?  > ? ORDER BY n DESC LIMIT ? OFFSET ?"
    b':pseudonym:masking.by_kind",":truncate:masking.by_kind",":redact:masking.by_kind",":null:masking.by_level",":'
    b'date_year:masking.by_kind",":email:masking.by_kind",":name:masking.by_kind",":partial:masking.by_kind","'
    b'mask:public.mask:main.Z","v":1}'
    b'{"actor":"s-\x01\x10","body":{"columns":["public.:filter+order+window+:aggregate","main.:join+group","main.:join'
    b'+filter","main.:filter","main.:output+filter+group+order","main.:output+order","main.:output","main.:output"],'
    b'"decision":"d-\x01\x0a","determined_by":["access.role_for_purpose"],"edges":"\x01\x20","engine":"embedded",'
    b'"errored":[],"fingerprint":"v1:\x01\x10","gaps":[],"labels":["main./3/raw"],"obligations":["row_filter:main.:'
    b'rows.by_region","mask:main.:partial:masking.by_kind","MaxRows:output.max_rows"],"outcome":"allow","purpose":'
    b'"service","revision":"sha256:\x01\x20","source":"postgresql:///duckdb:///","sql":"SELECT  FROM ","tables":['
    b'"main."],"who":{"commitment":"\x02\x20","sealed":"\x02"}},"kind":"query","time":"202'
)

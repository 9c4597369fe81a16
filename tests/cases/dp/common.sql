-- What analysts ask on every engine. One statement a line; groups are titled k0, k1 ..., quantiles q.
SELECT COUNT(*) FROM visit
SELECT COUNT(*) AS n, COUNT(note) AS c, COUNT(DISTINCT pid) AS p, COUNT(DISTINCT note) AS d FROM visit
SELECT area AS k0, COUNT(*) AS n FROM visit GROUP BY area ORDER BY n DESC
SELECT area AS k0, SUM(amount) AS s, AVG(amount) AS a, COUNT(*) AS n FROM visit WHERE amount > 0 GROUP BY area HAVING COUNT(*) > 5 ORDER BY s DESC LIMIT 3
SELECT area AS k0, note AS k1, COUNT(*) AS n FROM visit GROUP BY area, note
SELECT p.kind AS k0, AVG(v.amount) AS a FROM person p JOIN visit v ON v.pid = p.pid GROUP BY p.kind
SELECT p.kind AS k0, SUM(v.amount) AS a FROM visit v INNER JOIN person p USING (pid) WHERE v.area = 'north' GROUP BY p.kind
SELECT a.region AS k0, COUNT(*) AS n, AVG(v.score) AS s FROM visit v JOIN area a ON a.code = v.area GROUP BY a.region
SELECT a.region AS k0, COUNT(DISTINCT v.pid) AS n FROM visit v LEFT JOIN area a ON a.code = v.area GROUP BY a.region
SELECT p.seg AS k0, COUNT(v.vid) AS n FROM person p LEFT JOIN visit v ON v.pid = p.pid GROUP BY p.seg
SELECT p.seg AS k0, COUNT(v.vid) AS n FROM visit v RIGHT JOIN person p ON v.pid = p.pid GROUP BY p.seg
SELECT v.area AS k0, COUNT(*) AS n, SUM(a.size) AS s FROM area a RIGHT JOIN visit v ON v.area = a.code GROUP BY v.area
SELECT p.kind AS k0, SUM(i.qty * i.price) AS s FROM item i JOIN visit v ON i.vid = v.vid JOIN person p ON p.pid = v.pid GROUP BY p.kind
SELECT p.kind AS k0, a.region AS k1, SUM(i.qty) AS s FROM item i JOIN visit v ON i.vid = v.vid JOIN person p ON p.pid = v.pid JOIN area a ON a.code = v.area GROUP BY p.kind, a.region
WITH big AS (SELECT * FROM visit WHERE amount > 100) SELECT area AS k0, COUNT(*) AS n FROM big GROUP BY area
WITH a AS (SELECT pid, amount FROM visit WHERE area = 'north'), b AS (SELECT pid, amount FROM visit WHERE area = 'south') SELECT COUNT(*) AS n, SUM(amount) AS s FROM (SELECT * FROM a UNION ALL SELECT * FROM b) u
WITH per AS (SELECT pid, COUNT(*) AS n, SUM(amount) AS s FROM visit GROUP BY pid) SELECT AVG(n) AS a, AVG(s) AS b FROM per
WITH per AS (SELECT pid, COUNT(*) AS n FROM visit GROUP BY pid HAVING COUNT(*) >= 2) SELECT COUNT(*) AS c FROM per
SELECT p.kind AS k0, AVG(t.n) AS a FROM person p JOIN (SELECT pid, COUNT(*) AS n FROM visit GROUP BY pid) t ON t.pid = p.pid GROUP BY p.kind
SELECT COUNT(*) AS n FROM person WHERE pid IN (SELECT pid FROM visit WHERE amount > 200)
SELECT COUNT(*) AS n FROM person p WHERE EXISTS (SELECT 1 FROM visit v WHERE v.pid = p.pid AND v.amount > 200)
SELECT COUNT(*) AS n FROM person p WHERE NOT EXISTS (SELECT 1 FROM visit v WHERE v.pid = p.pid)
SELECT COUNT(*) AS n FROM person WHERE pid NOT IN (SELECT pid FROM visit)
SELECT CASE WHEN born < 1950 THEN 'old' WHEN born < 1980 THEN 'middle' ELSE 'young' END AS k0, COUNT(*) AS n FROM person GROUP BY CASE WHEN born < 1950 THEN 'old' WHEN born < 1980 THEN 'middle' ELSE 'young' END
SELECT CASE WHEN born < 1950 THEN 'old' ELSE 'young' END AS k0, COUNT(*) AS n FROM person GROUP BY 1 ORDER BY 1
SELECT SUM(CASE WHEN note IS NULL THEN 1 ELSE 0 END) AS missing, COUNT(*) AS n FROM visit
SELECT SUM(CASE WHEN area = 'north' THEN amount ELSE 0 END) AS north, SUM(CASE WHEN area = 'south' THEN amount END) AS south FROM visit
SELECT 100.0 * SUM(CASE WHEN note = 'new' THEN 1 ELSE 0 END) / COUNT(*) AS pct FROM visit
SELECT area AS k0, SUM(amount) * 1.0 / COUNT(DISTINCT pid) AS per_head FROM visit GROUP BY area
SELECT AVG(2024 - born) AS age FROM person
SELECT seg AS k0, MIN(born) AS q1, MAX(born) AS q2 FROM person GROUP BY seg
SELECT kind AS k0, COUNT(*) AS n FROM person WHERE seg IN (1, 2, 3) AND born BETWEEN 1940 AND 1990 GROUP BY kind
SELECT COUNT(*) AS n FROM visit WHERE note LIKE 'o%' OR note = 'O''Hara'
SELECT COUNT(*) AS n FROM visit WHERE UPPER(note) = 'NEW'
SELECT UPPER(area) AS k0, COUNT(*) AS n FROM visit GROUP BY UPPER(area)
SELECT COUNT(*) AS n FROM visit WHERE day >= '2024-03-01' AND day < '2024-09-01'
SELECT COALESCE(note, 'none') AS k0, COUNT(*) AS n FROM visit GROUP BY COALESCE(note, 'none')
SELECT AVG(amount * 1.19) AS gross FROM visit
SELECT SUM(amount + score) AS t FROM visit
SELECT SUM(ABS(amount)) AS t, AVG(score * 10) AS u FROM visit
SELECT area AS k0, COUNT(*) AS n FROM visit WHERE NOT (amount IS NULL OR score IS NULL) GROUP BY area
SELECT v.area AS k0, COUNT(DISTINCT v.pid) AS n FROM visit AS v, person AS p WHERE v.pid = p.pid AND p.seg = 2 GROUP BY v.area
SELECT COUNT(*) AS n FROM (SELECT pid FROM visit WHERE amount > 10 UNION ALL SELECT pid FROM visit WHERE score > 5) x
SELECT t.k0, COUNT(*) AS n FROM (SELECT pid, CASE WHEN amount >= 100 THEN 'big' ELSE 'small' END AS k0 FROM visit) t GROUP BY t.k0
SELECT bucket AS k0, COUNT(*) AS persons FROM (SELECT pid, CASE WHEN COUNT(*) > 3 THEN 'often' ELSE 'seldom' END AS bucket FROM visit GROUP BY pid) t GROUP BY bucket
SELECT COUNT(*) AS n, AVG(amount) AS a FROM visit WHERE area <> 'north' AND amount IS NOT NULL
SELECT area AS k0, COUNT(*) AS n FROM visit GROUP BY area HAVING SUM(amount) > 1000 AND COUNT(*) > 2
SELECT area AS k0, AVG(amount) - 10 AS a, -SUM(amount) AS b FROM visit GROUP BY area ORDER BY AVG(amount) DESC, area
SELECT COUNT(*) FILTER (WHERE amount > 100) AS big, COUNT(*) FILTER (WHERE amount <= 100) AS small FROM visit
SELECT i.qty AS k0, COUNT(*) AS n FROM item i GROUP BY i.qty ORDER BY i.qty
SELECT COUNT(*) AS n FROM visit v JOIN visit w ON v.pid = w.pid AND v.vid < w.vid
SELECT area AS k0, SUM(amount) AS s FROM (SELECT v.pid, v.area, v.amount FROM visit v JOIN person p ON p.pid = v.pid WHERE p.kind = 'a') x GROUP BY area
SELECT COUNT(1) AS n FROM visit
SELECT SUM(1) AS n FROM visit
SELECT NULLIF(note, 'old') AS k0, COUNT(*) AS n FROM visit GROUP BY NULLIF(note, 'old')
SELECT LENGTH(note) AS k0, COUNT(*) AS n FROM visit GROUP BY LENGTH(note)
SELECT area AS k0, COUNT(*) AS n FROM visit GROUP BY area ORDER BY COUNT(*) DESC LIMIT 2 OFFSET 1
SELECT COUNT(*) AS n FROM visit v WHERE EXISTS (SELECT 1 FROM area a WHERE a.code = v.area AND a.size > 5)
SELECT COUNT(*) AS n FROM visit v WHERE NOT EXISTS (SELECT * FROM area a WHERE a.size > 5 AND v.area = a.code)
SELECT p.kind AS k0, COUNT(*) AS n FROM person p WHERE EXISTS (SELECT 1 FROM item i JOIN visit v ON i.vid = v.vid WHERE p.pid = v.pid AND i.qty > 15) GROUP BY p.kind
SELECT p.kind AS k0, COUNT(*) AS n, COUNT(v.note) AS m FROM visit v RIGHT OUTER JOIN person p ON p.pid = v.pid AND v.amount > 100 GROUP BY p.kind
SELECT p.kind AS k0, COUNT(v.vid) AS n FROM visit v RIGHT JOIN person p USING (pid) GROUP BY p.kind
SELECT t.kind AS k0, COUNT(*) AS n FROM (SELECT p.pid, p.kind, v.amount FROM visit v RIGHT JOIN person p ON p.pid = v.pid) t GROUP BY t.kind
SELECT COUNT(v.note) AS n FROM (SELECT * FROM visit WHERE amount > 50) v RIGHT JOIN person p ON p.pid = v.pid
SELECT born / 10 * 10 AS k0, COUNT(*) AS n FROM person GROUP BY born / 10 * 10

-- Queries of `python -m bench rewrite`, written for guard's invented city; one a paragraph.

-- point
SELECT name, phone FROM residents WHERE id = 4242;

-- middle
SELECT district, count(*) AS n, sum(cost) AS total, avg(cost) FROM visits WHERE visited_on >= DATE
'2024-01-01' GROUP BY district ORDER BY total DESC LIMIT 10;

SELECT r.district, count(DISTINCT r.id) FROM residents r JOIN visits v ON v.resident_id = r.id JOIN cards c ON
c.resident_id = r.id WHERE v.cost > 500 AND c.balance < 1000 GROUP BY r.district HAVING count(*) > 5;

SELECT r.name, v.cost FROM residents r JOIN visits v ON v.resident_id = r.id WHERE v.cost = (SELECT
max(w.cost) FROM visits w WHERE w.resident_id = r.id) AND r.district IN ('A', 'B') ORDER BY v.cost DESC,
r.name LIMIT 100;

SELECT extract(YEAR FROM v.visited_on) AS y, sum(CASE WHEN v.district = 'A' THEN v.cost ELSE 0 END) /
sum(v.cost) FROM visits v JOIN residents r ON r.id = v.resident_id JOIN districts d ON d.district = r.district
WHERE d.region = 'east' GROUP BY 1 ORDER BY 1;

SELECT c.bank, count(*) FROM cards c WHERE EXISTS (SELECT 1 FROM calls k WHERE k.resident_id = c.resident_id
AND k.note LIKE '%lost%') AND NOT EXISTS (SELECT 1 FROM visits v WHERE v.resident_id = c.resident_id) GROUP BY
c.bank;

-- large
WITH spent AS (SELECT resident_id, sum(cost) AS total FROM visits GROUP BY resident_id), called AS (SELECT
resident_id, count(*) AS n FROM calls GROUP BY resident_id), ranked AS (SELECT r.id, r.name, r.district,
s.total, c.n, rank() OVER (PARTITION BY r.district ORDER BY s.total DESC) AS place FROM residents r LEFT JOIN
spent s ON s.resident_id = r.id LEFT JOIN called c ON c.resident_id = r.id) SELECT k.district, k.name,
k.total, k.n, b.bank FROM ranked k JOIN cards b ON b.resident_id = k.id WHERE k.place <= 10 AND coalesce(k.n,
0) > 2 ORDER BY k.district, k.place;

SELECT 'visit' AS kind, r.district, count(*) AS n FROM visits v JOIN residents r ON r.id = v.resident_id WHERE
v.visited_on BETWEEN DATE '2024-01-01' AND DATE '2024-06-30' GROUP BY r.district UNION ALL SELECT 'call',
r.district, count(*) FROM calls k JOIN residents r ON r.id = k.resident_id WHERE k.called_on BETWEEN DATE
'2024-01-01' AND DATE '2024-06-30' GROUP BY r.district UNION ALL SELECT 'card', r.district, count(*) FROM
cards c JOIN residents r ON r.id = c.resident_id GROUP BY r.district ORDER BY 1, 2;

WITH monthly AS (SELECT district, date_trunc('month', visited_on) AS m, sum(cost) AS total FROM visits GROUP
BY district, date_trunc('month', visited_on)) SELECT a.district, a.m, a.total, a.total - b.total AS change,
avg(a.total) OVER (PARTITION BY a.district ORDER BY a.m ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS smooth
FROM monthly a LEFT JOIN monthly b ON b.district = a.district AND b.m = a.m - INTERVAL '1 month' WHERE a.total
> (SELECT avg(c.total) FROM monthly c WHERE c.district = a.district) ORDER BY a.district, a.m;

-- In PostgreSQL's own words.
SELECT EXTRACT(YEAR FROM day) AS k0, COUNT(*) AS n FROM visit GROUP BY EXTRACT(YEAR FROM day)
SELECT date_part('dow', day) AS k0, COUNT(*) AS n FROM visit GROUP BY 1
SELECT COUNT(*) AS n FROM visit WHERE day BETWEEN DATE '2024-01-15' AND DATE '2024-06-30'
SELECT COUNT(*) AS n FROM visit WHERE day >= DATE '2024-01-15' + INTERVAL '30 days'
SELECT EXTRACT(YEAR FROM day) AS k0, EXTRACT(QUARTER FROM day) AS k1, SUM(amount) AS s FROM visit GROUP BY 1, 2 ORDER BY 1, 2
SELECT area AS k0, VARIANCE(amount) AS v, STDDEV(amount) AS s, STDDEV_POP(score) AS t, VAR_SAMP(score) AS u FROM visit GROUP BY area
SELECT seg AS k0, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY born) AS q FROM person GROUP BY seg
SELECT COUNT(*) AS n FROM visit WHERE note ILIKE 'NEW'
SELECT ROUND(AVG(amount)::numeric, 2) AS a, AVG(amount)::numeric(12,1) AS b FROM visit
SELECT COUNT(*) AS n FROM visit WHERE day < DATE '2024-03-31' - INTERVAL '1 month'
SELECT COUNT(*) AS n FROM visit WHERE day < DATE '2024-03-31' + INTERVAL '2 years'
SELECT SUM(amount)::numeric / COUNT(*) AS a FROM visit
SELECT CAST(SUM(amount) AS double precision) / NULLIF(COUNT(*), 0) AS a FROM visit
SELECT SUM(GREATEST(amount, 0)) AS s, AVG(LEAST(amount, 100)) AS t FROM visit
SELECT day AS k0, COUNT(*) AS n FROM visit GROUP BY day
SELECT SUM(qty * price) / 100.0 AS euro FROM item
SELECT SUBSTRING(note FROM 1 FOR 1) AS k0, COUNT(*) AS n FROM visit GROUP BY 1
SELECT TRIM(note) AS k0, COUNT(*) AS n FROM visit GROUP BY TRIM(note)
SELECT note || '!' AS k0, COUNT(*) AS n FROM visit GROUP BY note || '!'
SELECT p.kind AS k0, STDDEV(v.amount) AS s FROM person p JOIN visit v ON p.pid = v.pid GROUP BY p.kind
SELECT to_char(day, 'YYYY-MM') AS k0, COUNT(*) AS n FROM visit GROUP BY to_char(day, 'YYYY-MM')
SELECT to_char(day, 'YYYY/MM/DD') AS k0, COUNT(*) AS n FROM visit GROUP BY 1

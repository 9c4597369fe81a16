-- In DuckDB's own words.
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
SELECT area AS k0, ROUND(AVG(score), 1) AS s FROM visit GROUP BY area
SELECT date_trunc('month', day) AS k0, COUNT(*) AS n FROM visit GROUP BY 1 ORDER BY 1
SELECT -born // 10 AS k0, COUNT(*) AS n FROM person GROUP BY 1
SELECT strftime(day, '%d/%m/%Y') AS k0, COUNT(*) AS n FROM visit GROUP BY 1
SELECT area AS k0, SUM(amount) AS s FROM visit GROUP BY ALL ORDER BY ALL DESC LIMIT 2
SELECT year(day) AS k0, month(day) AS k1, COUNT(*) AS n FROM visit GROUP BY ALL
SELECT area AS k0, COUNT(*) AS n FROM visit GROUP BY ALL ORDER BY ALL
SELECT area AS k0, COUNT_IF(amount > 100) AS n FROM visit GROUP BY area
SELECT area AS k0, SUM(IF(amount > 100, 1, 0)) AS n FROM visit GROUP BY area
SELECT MEDIAN(born) AS q, QUANTILE_CONT(born, 0.25) AS q2 FROM person
SELECT strftime(day, '%Y-%m') AS k0, COUNT(*) AS n FROM visit GROUP BY 1
SELECT area AS k0, ROUND(SUM(amount) / COUNT(*), 2) AS a FROM visit GROUP BY area
FROM visit SELECT area AS k0, COUNT(*) AS n GROUP BY area
SELECT born // 10 * 10 AS k0, COUNT(*) AS n FROM person GROUP BY born // 10 * 10
SELECT mean(amount) AS a FROM visit
SELECT COUNT() AS n FROM visit

-- In SQLite's own words; MEDIAN and STDDEV it lacks, and has privately.
SELECT strftime('%Y', day) AS k0, COUNT(*) AS n FROM visit GROUP BY 1
SELECT strftime('%Y-%m', day) AS k0, COUNT(*) AS n FROM visit GROUP BY strftime('%Y-%m', day)
SELECT substr(day, 1, 7) AS k0, COUNT(*) AS n FROM visit GROUP BY substr(day, 1, 7)
SELECT COUNT(*) AS n FROM visit WHERE date(day) >= '2024-05-01'
SELECT IIF(amount > 100, 'big', 'small') AS k0, COUNT(*) AS n FROM visit GROUP BY 1
SELECT SUM(IIF(amount > 100, 1, 0)) AS n FROM visit
SELECT TOTAL(amount) AS t FROM visit
SELECT IFNULL(note, '-') AS k0, COUNT(*) AS n FROM visit GROUP BY 1
SELECT SUM(MAX(amount, 0)) AS s FROM visit
SELECT CAST(SUM(amount) AS REAL) / COUNT(*) AS a FROM visit
SELECT MEDIAN(born) AS q FROM person
SELECT STDDEV(amount) AS q FROM visit
SELECT area AS k0, ROUND(AVG(score), 1) AS s FROM visit GROUP BY area

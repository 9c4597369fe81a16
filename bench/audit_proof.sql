-- Questions to guard's invented city whose records `python -m bench audit-proof` proves: role, purpose, and the query.

-- call_center service
SELECT xm, sfzh, phone, district FROM residents WHERE resident_no = 100042;
SELECT call_no, agent, phone FROM calls WHERE phone = '13800138000' ORDER BY call_no DESC LIMIT 5;
SELECT r.xm, r.phone, count(*) AS n FROM residents r JOIN calls c ON c.phone = r.phone
WHERE r.district = '浦东新区' GROUP BY r.xm, r.phone ORDER BY n DESC LIMIT 20;

-- doctor treatment
SELECT xm, birth_date, phone FROM residents WHERE resident_no = 100042;
SELECT r.xm, v.visited_on, v.department, v.diagnosis FROM residents r JOIN visits v ON v.sfzh = r.sfzh
WHERE v.visited_on >= DATE '2026-01-01' ORDER BY v.visited_on DESC LIMIT 50;

-- analyst fraud_review
SELECT * FROM cards WHERE balance > 900000;
SELECT r.district, count(DISTINCT c.card_no) AS cards, avg(c.balance) AS mean FROM residents r
JOIN cards c ON c.sfzh = r.sfzh GROUP BY r.district HAVING count(*) > 5;
SELECT r.resident_no, r.district, c.bank, c.balance FROM residents r JOIN cards c USING (sfzh)
WHERE c.balance = (SELECT max(d.balance) FROM cards d WHERE d.sfzh = r.sfzh) AND r.district IN ('浦东新区', '徐汇区')
ORDER BY c.balance DESC LIMIT 100;
WITH spent AS (SELECT sfzh, sum(cost) AS total FROM visits GROUP BY sfzh), held AS (SELECT sfzh, sum(balance) AS wealth,
count(*) AS n FROM cards GROUP BY sfzh), ranked AS (SELECT r.resident_no, r.district, s.total, h.wealth, h.n,
rank() OVER (PARTITION BY r.district ORDER BY h.wealth DESC) AS place FROM residents r LEFT JOIN spent s ON
s.sfzh = r.sfzh LEFT JOIN held h ON h.sfzh = r.sfzh) SELECT district, resident_no, total, wealth, n FROM ranked
WHERE place <= 10 AND coalesce(n, 0) > 2 ORDER BY district, place;

-- analyst statistics
SELECT district, count(*) AS visits, round(avg(cost), 2) AS mean_cost FROM visits GROUP BY district ORDER BY 1;
SELECT date_trunc('month', visited_on) AS month, department, sum(cost) FROM visits GROUP BY 1, 2 ORDER BY 1, 2;
SELECT bank, count(*), avg(balance) FROM cards WHERE opened_on >= DATE '2025-01-01' GROUP BY bank ORDER BY 2 DESC;
WITH monthly AS (SELECT district, date_trunc('month', visited_on) AS m, sum(cost) AS total FROM visits GROUP BY 1, 2)
SELECT a.district, a.m, a.total, a.total - b.total AS change FROM monthly a LEFT JOIN monthly b ON
b.district = a.district AND b.m = a.m - INTERVAL 1 month ORDER BY a.district, a.m;

-- clerk service
SELECT xm, diagnosis FROM residents JOIN visits USING (sfzh) LIMIT 5;
SELECT district, count(*) FROM calls GROUP BY district;
SELECT card_no, balance FROM cards WHERE card_no LIKE '6222%';

SELECT commitment AS "commitment!", reason AS "reason!", requested_at AS "requested_at!",
    state AS "state!", transaction_hash
FROM (
    SELECT r.*,
        EXISTS (SELECT 1 FROM awaited_leaves a JOIN enrolments e ON e.id = a.enrolment_id
            WHERE a.commitment = r.commitment AND e.state = 'queued') AS is_awaited,
        sum(r.reason = 'recovery') OVER (ORDER BY r.arrival) AS recoveries
    FROM revocations r WHERE r.state = 'queued' AND NOT EXISTS (SELECT 1 FROM enrolments e
        WHERE e.commitment = r.commitment AND e.state IN ('queued', 'submitted')))
WHERE reason <> 'recovery' OR recoveries <= ?1
ORDER BY is_awaited DESC, arrival LIMIT ?2

INSERT INTO revocations (commitment, reason, requested_at, state)
SELECT ?1, ?2, ?3, 'queued' WHERE NOT EXISTS (
    SELECT 1 FROM enrolments WHERE commitment = ?1 AND state = 'withdrawn')
ON CONFLICT (commitment) DO UPDATE
    SET state = 'queued', reason = excluded.reason, requested_at = excluded.requested_at
    WHERE state = 'void'

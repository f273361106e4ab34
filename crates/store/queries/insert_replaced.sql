INSERT INTO revocations (commitment, reason, requested_at, state)
SELECT commitment, 'recovery', ?2, 'queued' FROM enrolments WHERE id = ?1
ON CONFLICT (commitment) DO UPDATE
    SET state = 'queued', reason = excluded.reason, requested_at = excluded.requested_at
    WHERE state = 'void'

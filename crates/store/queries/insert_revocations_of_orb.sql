-- A leaf of a rogue orb does not wait until its place can be taken.
INSERT INTO revocations (commitment, reason, requested_at, state)
SELECT commitment, 'orb', ?2, 'queued' FROM enrolments
WHERE orb = ?1 AND state IN ('submitted', 'mined', 'final') ORDER BY arrival
ON CONFLICT (commitment) DO UPDATE
    SET state = 'queued', reason = excluded.reason, requested_at = excluded.requested_at
    WHERE state = 'void' OR (state = 'queued' AND reason = 'recovery')

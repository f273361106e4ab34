INSERT INTO revocations (commitment, reason, requested_at, state)
VALUES (?1, 'operator', ?2, 'queued')
ON CONFLICT (commitment) DO UPDATE
    SET state = 'queued', transaction_hash = NULL, requested_at = excluded.requested_at
    WHERE state IN ('void', 'final')

UPDATE revocations SET state = 'void' WHERE commitment = ?1 AND state = 'queued'
    AND NOT EXISTS (SELECT 1 FROM enrolments e WHERE e.commitment = ?1
        AND e.state IN ('queued', 'submitted', 'mined', 'final'))

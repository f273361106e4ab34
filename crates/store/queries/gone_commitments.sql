SELECT commitment AS "commitment!" FROM enrolments e
WHERE e.state = 'withdrawn' AND e.commitment > ?1
    AND NOT EXISTS (SELECT 1 FROM revocations r WHERE r.commitment = e.commitment
        AND r.state IN ('queued', 'submitted', 'mined'))
UNION SELECT commitment FROM revocations WHERE state = 'final' AND commitment > ?1
ORDER BY 1 LIMIT ?2

-- Entries behind a sequence number that count and have templates of the old model.
SELECT g.sequence, e.commitment,
    EXISTS (SELECT 1 FROM iris_commitments c WHERE c.enrolment_id = e.id) AS "is_committed!: bool"
FROM gallery g
JOIN enrolments e ON e.id = g.enrolment_id
WHERE g.sequence > ?1 AND e.state IN ('queued', 'submitted', 'mined', 'final')
    AND NOT EXISTS (SELECT 1 FROM upgraded_entries u WHERE u.sequence = g.sequence)
    AND NOT EXISTS (
        SELECT 1 FROM revocations r WHERE r.commitment = e.commitment AND r.state <> 'void'
    )
ORDER BY g.sequence LIMIT ?2

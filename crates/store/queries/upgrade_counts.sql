-- Entries that count, by the model of their templates.
SELECT count(u.sequence) AS "upgraded!: i64",
    count(*) - count(u.sequence) AS "left!: i64",
    count(*) FILTER (WHERE u.sequence IS NULL AND NOT EXISTS (
        SELECT 1 FROM iris_commitments c WHERE c.enrolment_id = e.id
    )) AS "left_uncommitted!: i64"
FROM gallery g
JOIN enrolments e ON e.id = g.enrolment_id
LEFT JOIN upgraded_entries u ON u.sequence = g.sequence
WHERE e.state IN ('queued', 'submitted', 'mined', 'final') AND NOT EXISTS (
    SELECT 1 FROM revocations r WHERE r.commitment = e.commitment AND r.state <> 'void'
)

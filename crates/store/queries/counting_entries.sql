-- Of these sequence numbers, those whose commitments are members or are to be.
SELECT g.sequence FROM json_each(?1) asked
JOIN gallery g ON g.sequence = asked.value
JOIN enrolments e ON e.id = g.enrolment_id
WHERE e.state IN ('queued', 'submitted', 'mined', 'final') AND NOT EXISTS (
    SELECT 1 FROM revocations r WHERE r.commitment = e.commitment AND r.state <> 'void'
)

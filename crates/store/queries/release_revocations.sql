-- A recovery that was withdrawn gives the leaf back that it has not taken yet, unless somebody
-- else waits for it to become empty.
UPDATE revocations SET state = 'void' WHERE state = 'queued' AND reason = 'recovery'
    AND EXISTS (SELECT 1 FROM awaited_leaves a JOIN enrolments e ON e.id = a.enrolment_id
        WHERE a.commitment = revocations.commitment AND e.state = 'withdrawn')
    AND NOT EXISTS (SELECT 1 FROM awaited_leaves a JOIN enrolments e ON e.id = a.enrolment_id
        WHERE a.commitment = revocations.commitment AND e.state <> 'withdrawn')

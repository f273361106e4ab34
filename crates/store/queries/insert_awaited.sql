INSERT INTO awaited_leaves (enrolment_id, commitment)
SELECT DISTINCT ?1, e.commitment FROM json_each(?2) asked
JOIN gallery g ON g.sequence = asked.value
JOIN enrolments e ON e.id = g.enrolment_id
WHERE true ON CONFLICT DO NOTHING

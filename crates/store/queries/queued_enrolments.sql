-- A recovery has lost a leaf, or is about to: it goes before those who never had one.
SELECT id, orb, nonce, commitment, iris_digest, image_digest, model_id, kind, captured_at,
    received_at,
    CASE WHEN enrolments.state = 'final' AND EXISTS (
        SELECT 1 FROM revocations r
        WHERE r.commitment = enrolments.commitment AND r.state = 'final'
    ) THEN 'revoked' ELSE enrolments.state END AS "state!: String",
    transaction_hash, leaf_index
FROM enrolments
WHERE enrolments.state = 'queued'
    AND NOT EXISTS (
        SELECT 1 FROM revocations r
        WHERE r.commitment = enrolments.commitment AND r.state <> 'void'
    )
    AND NOT EXISTS (
        SELECT 1 FROM awaited_leaves a JOIN revocations r ON r.commitment = a.commitment
        WHERE a.enrolment_id = enrolments.id AND r.state IN ('queued', 'submitted')
    )
ORDER BY kind = 'new', arrival LIMIT ?1

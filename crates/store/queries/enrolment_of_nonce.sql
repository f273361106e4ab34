SELECT id, orb, nonce, commitment, iris_digest, image_digest, model_id, kind, captured_at,
    received_at,
    CASE WHEN enrolments.state = 'final' AND EXISTS (
        SELECT 1 FROM revocations r
        WHERE r.commitment = enrolments.commitment AND r.state = 'final'
    ) THEN 'revoked' ELSE enrolments.state END AS "state!: String",
    transaction_hash, leaf_index
FROM enrolments
WHERE nonce = ?1

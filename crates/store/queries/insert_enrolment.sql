INSERT INTO enrolments (id, orb, nonce, commitment, iris_digest, image_digest, model_id, kind,
    captured_at, received_at, state, replaces)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT DO NOTHING

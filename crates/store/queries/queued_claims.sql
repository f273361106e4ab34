SELECT nullifier, epoch, recipient, fee_recipient, fee, proof, received_at, root, chain_time,
    deadline, state, transaction_hash, rejection,
    EXISTS (SELECT 1 FROM claim_members m WHERE m.nullifier = claims.nullifier) AS "was_sent!: bool"
FROM claims WHERE state = 'queued' AND epoch = ?1 ORDER BY arrival LIMIT ?2

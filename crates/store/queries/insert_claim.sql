INSERT INTO claims (nullifier, epoch, recipient, fee_recipient, fee, proof, received_at, root,
    chain_time, deadline, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'queued')
ON CONFLICT (nullifier) DO UPDATE SET epoch = excluded.epoch, recipient = excluded.recipient,
    fee_recipient = excluded.fee_recipient, fee = excluded.fee, proof = excluded.proof,
    received_at = excluded.received_at, root = excluded.root, chain_time = excluded.chain_time,
    deadline = excluded.deadline, state = 'queued', rejection = NULL, submission = submission + 1
WHERE state = 'rejected'

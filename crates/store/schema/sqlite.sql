CREATE TABLE append_members (
    transaction_id INTEGER NOT NULL REFERENCES transactions (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    enrolment_id BLOB NOT NULL REFERENCES enrolments (id),
    PRIMARY KEY (transaction_id, position),
    UNIQUE (transaction_id, enrolment_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE claims (
    arrival INTEGER PRIMARY KEY,
    nullifier BLOB NOT NULL UNIQUE CHECK (length(nullifier) = 32),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    recipient BLOB NOT NULL CHECK (length(recipient) = 20),
    fee_recipient BLOB NOT NULL CHECK (length(fee_recipient) = 20),
    fee BLOB NOT NULL CHECK (length(fee) = 32),
    proof BLOB NOT NULL CHECK (length(proof) = 256),
    received_at INTEGER NOT NULL CHECK (received_at >= 0),
    state TEXT NOT NULL
        CHECK (state IN ('queued', 'submitted', 'mined', 'final', 'rejected')),
    transaction_hash BLOB CHECK (length(transaction_hash) = 32),
    rejection TEXT CHECK (rejection IN (
        'nullifier-spent', 'epoch-not-open', 'invalid-proof', 'census-reached',
        'fee-above-amount', 'bad-recipient', 'refused'
    )),
    CHECK ((state IN ('submitted', 'mined', 'final')) = (transaction_hash IS NOT NULL)),
    CHECK ((state = 'rejected') = (rejection IS NOT NULL))
) STRICT;

CREATE INDEX claims_state_arrival ON claims (state, arrival);

CREATE TABLE deployment (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    chain_id INTEGER NOT NULL CHECK (chain_id >= 0),
    registry BLOB NOT NULL CHECK (length(registry) = 20),
    distributor BLOB NOT NULL CHECK (length(distributor) = 20),
    model_id BLOB NOT NULL CHECK (length(model_id) = 32)
) STRICT;

CREATE TABLE enrolments (
    arrival INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
    orb BLOB NOT NULL CHECK (length(orb) = 20),
    nonce BLOB NOT NULL UNIQUE CHECK (length(nonce) = 32),
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    iris_digest BLOB NOT NULL CHECK (length(iris_digest) = 32),
    image_digest BLOB NOT NULL CHECK (length(image_digest) = 32),
    model_id BLOB NOT NULL CHECK (length(model_id) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('new', 'recovery')),
    captured_at INTEGER NOT NULL CHECK (captured_at >= 0),
    received_at INTEGER NOT NULL CHECK (received_at >= 0),
    state TEXT NOT NULL
        CHECK (state IN (
            'duplicate', 'review', 'queued', 'submitted', 'mined', 'final', 'withdrawn'
        )),
    transaction_hash BLOB CHECK (length(transaction_hash) = 32),
    leaf_index INTEGER CHECK (leaf_index BETWEEN 0 AND 1073741823),
    -- The same person's enrolment before a recovery.
    replaces BLOB REFERENCES enrolments (id),
    CHECK ((state IN ('submitted', 'mined', 'final')) = (transaction_hash IS NOT NULL)),
    CHECK ((state IN ('submitted', 'mined', 'final')) = (leaf_index IS NOT NULL)),
    CHECK ((kind = 'recovery' AND state NOT IN ('duplicate', 'review')) = (replaces IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX enrolments_admitted_commitment ON enrolments (commitment)
    WHERE state NOT IN ('duplicate', 'review');

CREATE UNIQUE INDEX enrolments_replaces ON enrolments (replaces) WHERE state <> 'withdrawn';

CREATE INDEX enrolments_state_arrival ON enrolments (state, arrival);

CREATE TABLE gallery (
    sequence INTEGER PRIMARY KEY,
    previous INTEGER GENERATED ALWAYS AS (nullif(sequence - 1, 0)) STORED
        REFERENCES gallery (sequence),
    enrolment_id BLOB NOT NULL UNIQUE REFERENCES enrolments (id),
    templates BLOB NOT NULL
) STRICT;

CREATE TABLE revocations (
    arrival INTEGER PRIMARY KEY,
    commitment BLOB NOT NULL UNIQUE CHECK (length(commitment) = 32),
    reason TEXT NOT NULL CHECK (reason IN ('recovery', 'orb', 'operator')),
    requested_at INTEGER NOT NULL CHECK (requested_at >= 0),
    state TEXT NOT NULL CHECK (state IN ('queued', 'submitted', 'mined', 'final')),
    transaction_hash BLOB CHECK (length(transaction_hash) = 32),
    CHECK ((state = 'queued') = (transaction_hash IS NULL))
) STRICT;

CREATE INDEX revocations_state_arrival ON revocations (state, arrival);

CREATE TABLE revoke_members (
    transaction_id INTEGER NOT NULL REFERENCES transactions (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    commitment BLOB NOT NULL REFERENCES revocations (commitment),
    PRIMARY KEY (transaction_id, position),
    UNIQUE (transaction_id, commitment)
) STRICT, WITHOUT ROWID;

CREATE TABLE transactions (
    id INTEGER PRIMARY KEY,
    sender BLOB NOT NULL CHECK (length(sender) = 20),
    nonce INTEGER NOT NULL CHECK (nonce >= 0),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    raw BLOB NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('append', 'revoke', 'claim')),
    start_index INTEGER CHECK (start_index BETWEEN 0 AND 1073741823),
    nullifier BLOB REFERENCES claims (nullifier),
    state TEXT NOT NULL CHECK (state IN ('sent', 'mined', 'final', 'failed')),
    block_number INTEGER CHECK (block_number >= 0),
    block_hash BLOB CHECK (length(block_hash) = 32),
    UNIQUE (sender, nonce),
    CHECK ((purpose = 'append') = (start_index IS NOT NULL)),
    CHECK ((purpose = 'claim') = (nullifier IS NOT NULL)),
    CHECK ((state IN ('mined', 'final')) = (block_number IS NOT NULL)),
    CHECK ((state IN ('mined', 'final')) = (block_hash IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX transactions_claim ON transactions (nullifier)
    WHERE state IN ('sent', 'mined', 'final');

CREATE INDEX transactions_open ON transactions (sender, nonce)
    WHERE state IN ('sent', 'mined');
